"""Entry point: `streamlit run app/main.py`."""

import sys
from pathlib import Path

import streamlit as st

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # Streamlit puts only this file's folder there
    sys.path.insert(0, str(ROOT))

VIEWS = Path(__file__).parent / "views"


def main() -> None:
    """Set up the page and run the one that is chosen."""
    st.set_page_config(page_title="Otoscope", layout="wide")
    pages = {
        "Library": [st.Page(VIEWS / "checkpoints.py", title="Checkpoints", icon=":material/inventory_2:", default=True)],
        "Listen": [st.Page(VIEWS / "clip.py", title="Clip", icon=":material/hearing:", url_path="clip")],
    }
    st.navigation(pages).run()


if __name__ == "__main__":  # not in the processes that render clips
    main()
