*** Settings ***
Documentation       What the shared-memory transport promises, on one board.
...                 Board by ``--variable BOARD:NAME`` (an entry of boards.yaml), Agent by ``--variable AGENT:external``.
Library             rig.plugins.robot_library.RigLibrary
Suite Setup         Open Board    ${BOARD}    ${AGENT}
Suite Teardown      Close Board
Test Tags           shm

*** Variables ***
${BOARD}            mps2-an385
${AGENT}            builtin

*** Test Cases ***
A Sample Reaches Every Reader
    [Documentation]    Flash, start the Agent, exchange: the shortest way through everything.
    [Tags]    smoke
    Flash And Boot    shm
    Connect One Writer And 2 Readers
    Publish    count=10    length=64
    Every Sample Should Have Arrived Whole
    Samples Should Be In Order

Messages Are Limited Only By Memory
    [Documentation]    Around the limits of 8 and 16 bits, and all of the board's message memory at once.
    [Tags]    message-size
    Flash And Boot    shm
    ${all} =    Connect One Writer And One Reader With All Message Memory
    FOR    ${length}    IN    1    255    256    257    512    513    65535    65536    65537    ${all}
        IF    ${length} <= ${all}
            Publish    count=1    length=${length}
            Every Sample Should Have Arrived Whole
        END
    END

The Payload Is Not Copied For Each Reader
    [Documentation]    Counted twice: by the firmware's memcpy calls, and by a look at RAM through the debug probe.
    [Tags]    copies
    Flash And Boot    shm
    Connect One Writer And 8 Readers
    Publish    count=3    length=256
    Every Sample Should Have Arrived Whole
    Copied Bytes Should Be    0
    ${copies} =    Publish And Look At RAM    length=256
    Should Be Equal As Integers    ${copies}    1

All Readers Share One Buffer
    [Tags]    shared-buffer
    Flash And Boot    shm
    Connect One Writer And 8 Readers
    Publish    count=5    length=64
    Every Sample Should Have Arrived Whole
    All Readers Should Have Seen One Buffer

A Full Pool Is Told To The Publisher
    [Documentation]    Twelve samples into four buffers, with no spin between: four arrive in order, eight are refused.
    [Tags]    burst-order
    Flash And Boot    shm
    Connect One Writer And 2 Readers
    Publish    count=12    length=32    burst=12
    Refused Samples Should Be    8
    Samples Should Be In Order

The Agent Is Not Needed Once The Session Is Up
    [Tags]    agentless-operation
    Flash And Boot    shm
    Connect One Writer And 2 Readers
    Cut The Link
    Publish    count=100    length=64
    Restore The Link
    Every Sample Should Have Arrived Whole

Local Samples Stay Off The Link
    [Documentation]    The built-in Agent agrees with the Client that samples with only local readers are not sent.
    [Tags]    os-overhead
    Skip If    '${AGENT}' != 'builtin'    Only the built-in Agent agrees to it.
    Flash And Boot    shm
    Connect One Writer And 2 Readers
    ${before} =    Samples On The Link
    Publish    count=20    length=64
    ${after} =    Samples On The Link
    Should Be Equal As Integers    ${before}    ${after}

A Sample Takes A Few Hundred Instructions
    [Documentation]    Publish call to callback, without the payload write; counted on emulated boards only.
    [Tags]    latency
    Skip If    '${BOARD}' != 'mps2-an385'    The limit holds for the Cortex-M3 at -O2.
    Flash And Boot    shm
    Connect One Writer And 1 Readers
    Publish    count=20    length=4
    Latency Should Be At Most    400    instructions

Without Shared Memory Samples Take The Way Over The Agent
    [Documentation]    The control: the same bench, shared memory compiled out.
    [Tags]    control
    Flash And Boot    network
    Connect One Writer And 2 Readers
    Publish    count=5    length=64
    Every Sample Should Have Arrived Whole
    ${crossed} =    Samples On The Link
    Should Be True    ${crossed} > 0
    Cut The Link
    Publish    count=2    length=64    deadline=0.2
    Restore The Link
    No Sample Should Have Arrived
