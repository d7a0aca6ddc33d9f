"""What is allowed but likely not meant: findings with stable codes, shown with ``?lint=true`` only."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connect.api.config_def import ConfigType, ConfigValue, parse_type
from connect.kafka.client_keys import client_config
from connect.kafka.translate import Role

Config = Mapping[str, str | None]
_CONVERTERS = ("key.converter", "value.converter", "header.converter")
_OVERRIDES = {f"{role.value}.override.": role for role in Role}
_FREE_PREFIXES = ("topic.creation.", "transforms.", "predicates.", *_CONVERTERS)
_CLOSE = 0.75


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding about a key. ``severity`` is ``warning`` or ``hint``."""

    code: str
    key: str
    severity: str
    message: str
    suggestion: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The finding as it is answered."""
        shown = {"code": self.code, "key": self.key, "severity": self.severity, "message": self.message}
        return shown if self.suggestion is None else {**shown, "suggestion": self.suggestion}


def findings(config: Config, known: Collection[str], values: Mapping[str, ConfigValue]) -> list[Finding]:
    """All findings about a configuration. ``known``: the keys that framework, connector and plugins define."""
    return [
        *_unknown_keys(config, known),
        *_unused_aliases(config),
        *_undefined_predicates(config, values),
        *_unused_converter_settings(config),
        *_silent_losses(values),
    ]


def _unknown_keys(config: Config, known: Collection[str]) -> Iterator[Finding]:
    for key in config:
        prefix = next((prefix for prefix in _OVERRIDES if key.startswith(prefix)), None)
        if prefix is not None:
            keys = client_config(_OVERRIDES[prefix]).keys
            if key.removeprefix(prefix) not in keys:
                yield _unknown("unknown-client-key", key, [prefix + name for name in keys])
        elif key not in known and (not key.startswith(_FREE_PREFIXES) or _is_setting_of_alias(config, key)):
            yield _unknown("unknown-key", key, known)


def _is_setting_of_alias(config: Config, key: str) -> bool:
    kind, _, rest = key.partition(".")
    return kind in ("transforms", "predicates") and rest.partition(".")[0] in _aliases(config, kind)


def _unknown(code: str, key: str, known: Collection[str]) -> Finding:
    guess = difflib.get_close_matches(key, known, 1, _CLOSE)
    hint = f" Did you mean '{guess[0]}'?" if guess else ""
    return Finding(code, key, "warning", f"Nothing reads the key '{key}'.{hint}", guess[0] if guess else None)


def _aliases(config: Config, key: str) -> list[str]:
    listed = parse_type(key, config.get(key), ConfigType.LIST)
    return list(listed or ())


def _unused_aliases(config: Config) -> Iterator[Finding]:
    for kind, list_key in (("transforms", "transforms"), ("predicates", "predicates"), ("topic.creation", None)):
        listed = _aliases(config, list_key or "topic.creation.groups")
        usual = {"default", "groups"} if list_key is None else set()
        used = {key.removeprefix(f"{kind}.").partition(".")[0] for key in config if key.startswith(f"{kind}.")}
        for alias in sorted(used - set(listed) - usual):
            where = list_key or "topic.creation.groups"
            message = f"'{alias}' has settings but is not listed in '{where}', so they do nothing."
            yield Finding("unused-alias", f"{kind}.{alias}", "warning", message)


def _undefined_predicates(config: Config, values: Mapping[str, ConfigValue]) -> Iterator[Finding]:
    defined = _aliases(config, "predicates")
    for alias in _aliases(config, "transforms"):
        key = f"transforms.{alias}.predicate"
        predicate = values[key].value if key in values else None
        if predicate and predicate not in defined:
            message = f"The predicate '{predicate}' is not listed in 'predicates': the tasks will fail."
            yield Finding("undefined-predicate", key, "warning", message)


def _unused_converter_settings(config: Config) -> Iterator[Finding]:
    for converter in _CONVERTERS:
        settings = [key for key in config if key.startswith(f"{converter}.") and not key.endswith(".plugin.version")]
        if settings and not config.get(converter):
            message = (
                f"Settings of the {converter.replace('.', ' ')} count only when '{converter}' names its class: "
                "now the worker's own converter is used with the worker's own settings."
            )
            yield Finding("unused-converter-settings", settings[0], "warning", message)


def _silent_losses(values: Mapping[str, ConfigValue]) -> Iterator[Finding]:
    def value(key: str) -> Any:
        return values[key].value if key in values else None

    reported = value("errors.deadletterqueue.topic.name") or value("errors.log.enable")
    if value("errors.tolerance") == "all" and not reported:
        message = (
            "Records that fail are dropped without a trace: set errors.deadletterqueue.topic.name or errors.log.enable."
        )
        yield Finding("silent-loss", "errors.tolerance", "warning", message)
