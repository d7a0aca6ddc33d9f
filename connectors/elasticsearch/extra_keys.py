"""Keys that the Java connector doesn't have. Their defaults leave everything as it does it."""

from __future__ import annotations

from connect.api import ConfigType, Width
from connect.api.validators import Range
from connectors.elasticsearch.keys import Group, one_of, suggest

_STRING, _LONG, _PASSWORD = ConfigType.STRING, ConfigType.LONG, ConfigType.PASSWORD

_extras = Group("Extras")

EXTRA_KEYS = (
    _extras.key(
        "connection.api.key",
        _PASSWORD,
        "Connection API Key",
        "An API key, as id:key or encoded, instead of user and password.",
        default=None,
    ),
    _extras.key(
        "rejection.timeout.ms",
        _LONG,
        "Rejection Timeout (ms)",
        "How long documents that the server rejects for now (429, 503, a blocked index) are tried again before the"
        " task fails. 0 = fail at once, -1 = as long as it takes.",
        default=600_000,
        validator=Range(-1),
    ),
    _extras.key(
        "external.version.strategy",
        _STRING,
        "External Version Strategy",
        "Where the version of a keyed document comes from: auto (external.version.header if set, otherwise the offset),"
        " offset, header, field (external.version.field) or none. Offsets are only right when all records of a key are"
        " in one partition.",
        default="auto",
        validator=one_of("auto", "offset", "header", "field", "none"),
        recommender=suggest("auto", "offset", "header", "field", "none"),
    ),
    _extras.key(
        "external.version.field",
        _STRING,
        "External Version Field",
        "The field of the value that holds the version, for external.version.strategy=field.",
        default="",
    ),
    _extras.key(
        "index.name.format",
        _STRING,
        "Index Name Format",
        "How an index is named: ${topic} is the topic, ${timestamp:yyyy-MM-dd} the record's timestamp (UTC) in that"
        " pattern, with the letters y, M, d, H and m.",
        default="${topic}",
        width=Width.LONG,
    ),
    _extras.key(
        "routing.field", _STRING, "Routing Field", "The field of the value that decides about the shard.", default=""
    ),
    _extras.key(
        "ingest.pipeline", _STRING, "Ingest Pipeline", "The server's pipeline that documents pass through.", default=""
    ),
    _extras.key(
        "update.script",
        _STRING,
        "Update Script",
        "With write.method=upsert: a script that changes an existing document; the record's fields are params.doc.",
        default="",
        width=Width.LONG,
    ),
    _extras.key(
        "update.script.lang", _STRING, "Update Script Language", "Language of update.script.", default="painless"
    ),
    _extras.key(
        "decimal.format",
        _STRING,
        "Decimal Format",
        "How decimals are written when the schema is not ignored: as double, or without loss as text.",
        default="double",
        validator=one_of("double", "text"),
        recommender=suggest("double", "text"),
    ),
)
