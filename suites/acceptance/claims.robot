*** Settings ***
Documentation       Every claim of the announcement, decided by one run of the rig on one board.
...                 Board by ``--variable BOARD:NAME``, Agent by ``--variable AGENT:external``. ``rig explain CLAIM``
...                 says how each is measured; the report of the run lies below reports/runs/. ``--variable RUN:latest``
...                 judges the latest run instead of making one. For the claim on NuttX a second board takes part:
...                 ``--variable BOARD:mps2-an500 --variable BESIDE:nuttx-an500``.
Library             rig.plugins.robot_library.RigLibrary
Suite Setup         Run The Rig    ${BOARD}    ${AGENT}    beside=${BESIDE}    run=${RUN}
Test Template       Claim Should Be Confirmed
Test Tags           claim

*** Variables ***
${BOARD}            mps2-an385
${AGENT}            builtin
${RUN}              ${EMPTY}
${BESIDE}           ${EMPTY}

*** Test Cases ***
Nodes Talk On When The Link Is Cut                agentless-operation
It Works With No Agent At Boot                    agentless-startup
Messages Are Limited Only By Memory               message-size
The Payload Is Not Copied For Each Destination    copies
All Destinations Share One Buffer                 shared-buffer
A Sample Needs Fewer Calls                        os-overhead
A Sample Takes Less Time                          latency
The Client Finds Its Own Matches                  local-matching
The Agent Sends No Duplicates Back                agent-duplicates
Many Entities Work At Once                        entity-capacity
Bursts Keep Their Order                           burst-order
Threads Are Safe                                  thread-safety
Entities May Come And Go                          lifecycle
Requests And Replies Work Too                     services
It Works On NuttX                                 nuttx
Its Cost Is Known                                 footprint
