"""English names of common time zones, as dates in texts use them.

A name means the offset that it has had lately. Of several zones that share an abbreviation the one counts that Java
finds first: ``CST`` is Chicago's, ``IST`` Israel's.
"""

from __future__ import annotations


def _zones(*zones: tuple[str, str, int]) -> dict[str, int]:
    return {name: minutes for long, short, minutes in zones for name in (long, short) if name}


ZONE_OFFSETS = _zones(
    ("Coordinated Universal Time", "UTC", 0),
    ("Pacific Standard Time", "PST", -480),
    ("Pacific Daylight Time", "PDT", -420),
    ("Mountain Standard Time", "MST", -420),
    ("Mountain Daylight Time", "MDT", -360),
    ("Central Standard Time", "CST", -360),
    ("Central Daylight Time", "CDT", -300),
    ("Eastern Standard Time", "EST", -300),
    ("Eastern Daylight Time", "EDT", -240),
    ("Hawaii-Aleutian Standard Time", "HST", -600),
    ("Alaska Standard Time", "AKST", -540),
    ("Alaska Daylight Time", "AKDT", -480),
    ("Atlantic Standard Time", "AST", -240),
    ("Atlantic Daylight Time", "ADT", -180),
    ("Newfoundland Standard Time", "NST", -210),
    ("Newfoundland Daylight Time", "NDT", -150),
    ("Central European Standard Time", "CET", 60),
    ("Central European Summer Time", "CEST", 120),
    ("Greenwich Mean Time", "GMT", 0),
    ("Israel Standard Time", "IST", 120),
    ("Israel Daylight Time", "IDT", 180),
    ("Japan Standard Time", "JST", 540),
    ("Eastern European Standard Time", "EET", 120),
    ("Eastern European Summer Time", "EEST", 180),
    ("China Standard Time", "", 480),
    ("Australian Central Standard Time", "ACST", 570),
    ("Australian Eastern Standard Time", "AEST", 600),
    ("Australian Eastern Daylight Time", "AEDT", 660),
    ("Brasilia Standard Time", "BRT", -180),
    ("Central Africa Time", "CAT", 120),
    ("East Africa Time", "EAT", 180),
    ("New Zealand Standard Time", "NZST", 720),
    ("New Zealand Daylight Time", "NZDT", 780),
    ("Pakistan Standard Time", "PKT", 300),
    ("Gulf Standard Time", "GST", 240),
    ("Korean Standard Time", "KST", 540),
    ("Philippine Standard Time", "", 480),
    ("Indochina Time", "ICT", 420),
    ("Iran Standard Time", "IRST", 210),
    ("West Africa Standard Time", "WAT", 60),
    ("Peru Standard Time", "PET", -300),
    ("India Standard Time", "", 330),
    ("Western Indonesia Time", "WIB", 420),
    ("Moscow Standard Time", "MSK", 180),
    ("South Africa Standard Time", "SAST", 120),
    ("Argentina Standard Time", "ART", -180),
    ("British Summer Time", "BST", 60),
    ("Western European Standard Time", "WET", 0),
    ("Western European Summer Time", "WEST", 60),
    ("Colombia Standard Time", "COT", -300),
    ("Hong Kong Standard Time", "HKT", 480),
    ("Singapore Standard Time", "SGT", 480),
    ("Australian Western Standard Time", "AWST", 480),
    ("Chile Standard Time", "CLT", -240),
    ("Chile Summer Time", "CLST", -180),
)
"""Minutes east of Greenwich, by name, in the order in which they are tried."""
