"""Switches for the behaviour in which Agents in the field differ.

Knows the observable differences between middlewares behind an Agent; must not know how they are implemented.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Personality:
    """What an Agent does where the protocol leaves it a choice.

    :param xml: understand XML representations; otherwise the whole text is taken as a topic's name.
    :param services: requesters and repliers can be created.
    :param types_and_qos: endpoints match by type and QoS too, not only by topic name.
    :param echo: which samples go back to the Client that wrote them, if it announced shared memory: ``sure`` withholds
        only those that the Client certainly delivers itself, ``all`` withholds none, ``none`` withholds all.
    :param cooperate: offers the ``rig_lo`` extension to Clients that announce it.
    :param any_ref: a REF name without a profile is taken as the topic's name.
    """

    name: str
    xml: bool = True
    services: bool = True
    types_and_qos: bool = True
    echo: Literal["sure", "all", "none"] = "sure"
    cooperate: bool = True
    any_ref: bool = True


RIG = Personality(name="rig")
"""The default: DDS semantics, and no sample withheld that the Client might not deliver itself."""

RETICENT = Personality(name="reticent", cooperate=False)
"""The same, but for one thing: like any Agent but ours it does not tell a Client who reads."""

CED = Personality(name="ced", xml=False, services=False, types_and_qos=False, echo="all", cooperate=False)
"""As eProsima's Agent with its CED middleware."""

FASTDDS = Personality(name="fastdds", echo="none", cooperate=False, any_ref=False)
"""As eProsima's Agent with Fast DDS: loses what a shared-memory Client relied on it to echo."""
