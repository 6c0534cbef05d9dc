"""The server as it is configured: small uploads, no foreign requests, no telemetry, no details of errors, this computer only."""

import tomllib

from analysis import paths
from app.components import import_panel

CONFIG = tomllib.loads((paths.repository() / ".streamlit" / "config.toml").read_text(encoding="utf-8"))


def test_what_protects_the_server_is_on() -> None:
    server = CONFIG["server"]
    assert server["address"] == "127.0.0.1"
    assert server["enableXsrfProtection"] is True
    assert server["enableCORS"] is True
    assert server["maxUploadSize"] == 50
    assert server["allowedHosts"] == ["127.0.0.1", "localhost", "::1"]
    assert CONFIG["client"]["allowedOrigins"] == []
    assert CONFIG["browser"]["gatherUsageStats"] is False
    assert CONFIG["client"]["showErrorDetails"] == "none"


def test_the_import_offers_no_more_than_the_server_takes() -> None:
    assert CONFIG["server"]["maxUploadSize"] >= import_panel.LARGEST_MB
