"""Names for topics and services: plain ones, ones that nearly agree, and ones that collide under common short hashes.

A middleware may tell topics apart by a hash of their names. Whichever it took, two of these have the same; the table
says by which hash. ``tests/search`` proves each pair.
"""

from __future__ import annotations

from random import Random

from rig.model import Topic

COLLISIONS: dict[str, tuple[str, str]] = {
    "fnv1a_32": ("rt/adumnrq", "rt/c5rwpcp"),
    "fnv1_32": ("rt/c8cjmx4", "rt/_ueoyeq"),
    "djb2_32": ("rt/81cz56w", "rt/81cxw85"),
    "djb2_xor_32": ("rt/nbkitia", "rt/kl_op0e"),
    "sdbm_32": ("rt/qejns0c", "rt/6819yx7"),
    "one_at_a_time_32": ("rt/70dbc4u", "rt/ge_v7ze"),
    "times_31_32": ("rt/bov6_pd", "rt/botta2d"),
    "crc32": ("rt/1cyxk3z", "rt/5t846by"),
    "adler32": ("rt/h1z_dy2", "rt/p7on_4j"),
    "murmur3_32": ("rt/n58pq7k", "rt/mdztnvd"),
    "crc16_arc": ("rt/f1ec68m", "rt/34n399k"),
    "crc16_ccitt": ("rt/o9cowvj", "rt/mruv02a"),
    "sum_16": ("rt/x7xq4ul", "rt/ah4iqmi"),
    "xor_8": ("rt/sxp80pb", "rt/kcxapjj"),
    "fnv1a_folded_16": ("rt/vqg_op6", "rt/l3uwlt8"),
    "djb2_low_16": ("rt/zmswfka", "rt/f48rqie"),
    "fnv1a_low_8": ("rt/eo64xdd", "rt/qojqg2z"),
    "djb2_low_8": ("rt/k_4_7dw", "rt/5g2rg8p"),
    "crc32_low_16": ("rt/8gv_td9", "rt/oh_ht1y"),
}

_TYPES = ("std_msgs::msg::dds_::String_", "std_msgs::msg::dds_::Int32_", "std_msgs::msg::dds_::Int64_")
_LONG = "rt/robot_one/sensors/front/left/range_scan_"  # a long common beginning
_PLAIN = ("rt/chatter", "rt/odom", "rt/tf", "rt/a", "rt/scan")
_NEAR = (
    ("rt/chatter", "rt/chatteR"),
    ("rt/chatter", "rt/chatte"),
    ("rt/chatter", "rt/hcatter"),
    (_LONG + "0", _LONG + "1"),
    (_LONG + "0", _LONG),
    ("rt/ab", "rt/a"),
)
_SERVICES = (
    Topic("add_two_ints", "example::AddTwoInts_Request_", "example::AddTwoInts_Response_"),
    Topic("add_two_int", "example::AddTwoInts_Request_", "example::AddTwoInts_Response_"),
    Topic("trigger", "std_srvs::Trigger_Request_", "std_srvs::Trigger_Response_"),
)


def draw_topics(random: Random, count: int) -> list[Topic]:
    """Topics that differ, some of them hardly."""
    names: list[tuple[str, str]] = []
    while len(names) < count:
        kind = random.random()
        if kind < 0.4 or count == 1:
            names.append((random.choice(_PLAIN), random.choice(_TYPES)))
        elif kind < 0.6:
            names += [(name, _TYPES[0]) for name in random.choice(_NEAR)]
        elif kind < 0.7:
            name = random.choice(_PLAIN)
            names += [(name, type) for type in random.sample(_TYPES, 2)]
        elif kind < 0.75:  # where the name ends and the type begins
            names += [("rt/chatter", "s" + _TYPES[0]), ("rt/chatters", _TYPES[0])]
        else:
            names += [(name, _TYPES[0]) for name in random.choice(tuple(COLLISIONS.values()))]
        names = list(dict.fromkeys(names))
    return [Topic(*pair) for pair in names[:count]]


def many_topics(random: Random, count: int) -> list[Topic]:
    """More topics than a small table or number has rows for; sometimes names that differ at their end alone."""
    width = random.choice((0, 0, 40, 80))
    begin = "rt/" + "n" * width
    return [Topic(f"{begin}{number:02}", "T") for number in range(count)]


def draw_services(random: Random, count: int) -> list[Topic]:
    """Services that differ, some of them hardly."""
    return random.sample(_SERVICES, min(count, len(_SERVICES)))
