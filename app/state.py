"""The only owner of session state and query parameters: what is selected, by name."""

from collections.abc import Sequence
from typing import Any, Literal, get_args

import streamlit as st

Name = Literal[
    "checkpoint",
    "clip",
    "layer",
    "head",
    "window",
    "corpus",
    "pool",
    "job",
    "measure",
    "task",
    "side",
    "change",
    "shift",
    "method",
    "colour",
    "weights",
    "view",
    "lanes",
    "with",
    "overlap",
    "beside",
    "at",
    "hear",
    "masks",
    "ratio",
    "draw",
    "regions",
    "moved",
    "channel",
    "component",
]  # fmt: skip
ListName = Literal["checkpoints", "set"]
Kept = Literal[
    "clip",
    "beside",
    "stopping",
    "chosen",
    "clicked",
    "import",
    "page",
    "pages",
    "here",
    "arrivals",
    "arriving",
    "said",
    "understood",
    "left",
    "shared",
    "recent",
    "companions",
    "arrived",
    "notices",
    "begun",
    "before",
    "heard",
    "widgets",
]  # fmt: skip
Said = dict[str, list[str]]
NAMES: tuple[str, ...] = (*get_args(ListName), *get_args(Name))
SELECTED, PICKED, SHOWN = "selected_", "pick_", "shown_"
FOLLOWING: Said = {"checkpoints": ["checkpoint"], "clip": ["checkpoint"], "screening": []}  # page → what follows to it


def get_text(name: Name) -> str | None:
    """The selection of that name: from this session, else from the address."""
    key = _key(name)
    if key not in st.session_state and name in st.query_params:
        st.session_state[key] = st.query_params[name]
    value = st.session_state.get(key)
    return None if value is None else str(value)


def get_int(name: Name, low: int, high: int, default: int) -> int:
    """The selection as a number in [low, high]; anything else gives the default."""
    text = get_text(name)
    try:
        value = int(text) if text is not None else default
    except ValueError:
        return default
    return value if low <= value <= high else default


def get_list(name: ListName) -> list[str]:
    """The selections of that name: from this session, else from the address, where the name may stand several times."""
    chosen = st.session_state.get(_key(name))
    return st.query_params.get_all(name) if chosen is None else list(chosen)


def put(name: Name, value: str | int | None) -> None:
    """Remember a selection; None forgets it. The address follows when the page has been drawn."""
    _begin(name, [] if value is None else [str(value)])
    st.session_state[_key(name)] = None if value is None else str(value)


def put_list(name: ListName, values: Sequence[str]) -> None:
    """Remember several selections; the address follows when the page has been drawn."""
    _begin(name, list(values))
    st.session_state[_key(name)] = list(values)


def _begin(name: str, values: list[str]) -> None:
    """What a selection is first since the page was opened or gone back to is how it begins, and no act."""
    keep("begun", {name: values} | (recall("begun") or {}))


def _key(name: str) -> str:
    return f"{SELECTED}{name}"


# --- the address: opened, left and gone back to ---------------------------------------------------------------------------


def arrive() -> None:
    """Begin a page: where the address is not the one that was left, it was opened or gone back to, and counts alone.

    What a widget was set to before is forgotten then, so that widgets begin with what the address says.
    """
    here = (recall("page"), address())
    is_new = here != recall("here") and not (here == recall("before") and _acted())
    keep("arriving", is_new)
    if not is_new:
        return
    for key in [str(key) for key in st.session_state if str(key).startswith((SELECTED, PICKED))]:
        del st.session_state[key]
    keep("arrivals", 0 if recall("here") is None else recall("arrivals") + 1)
    keep("here", here)
    keep("before", None)
    keep("said", None)
    keep("begun", {})
    keep("understood", frozenset())


def _acted() -> bool:
    """Whether a widget was set since the page was last drawn: the address is then not gone back to, but the browser was quicker
    to tell of that than to hear of the last address that was written.
    """
    before = recall("widgets") or {}
    return any(key in before and value and value != before[key] for key, value in _widgets().items())


def _widgets() -> dict[str, object]:
    """What widgets are set to, by their keys."""
    return {str(key): value for key, value in st.session_state.items() if not str(key).startswith((SELECTED, SHOWN))}


def is_arriving() -> bool:
    """Whether the page is drawn for the first time since it was opened or gone back to."""
    return bool(recall("arriving"))


def arrivals() -> int:
    """How many pages were opened or gone back to before this one."""
    return int(recall("arrivals") or 0)


def settle() -> None:
    """End a page: write what was chosen into the address, all at once, so that an act is one entry of the history.

    A page that was just opened leaves the address as it is: what it says by default is no act.
    """
    chosen = _chosen()
    before, begun = recall("said"), recall("begun") or {}
    if before is None:  # a run that was stopped before it came here has said nothing
        before = {name: begun.get(name, values) for name, values in chosen.items()}
    keep("said", chosen)
    keep("widgets", _widgets())
    _leave(chosen)
    if is_arriving() or chosen == before:
        return
    keep("before", recall("here"))
    keep("here", (recall("page"), chosen))
    if address() != chosen:
        st.query_params.from_dict(chosen)  # the last act: a run may be stopped here by the next one


def _chosen() -> Said:
    """All that is chosen, and what the address says to other controls than those that were drawn."""
    chosen = {name: values for name, values in address().items() if name in NAMES and _key(name) not in st.session_state}
    for name in NAMES:
        value = st.session_state.get(_key(name))
        if value:
            chosen[name] = value if isinstance(value, list) else [value]
    return chosen


def _leave(chosen: Said) -> None:
    """Keep what a way back to this page says, and what follows to others: what the address says, not what is so by default."""
    carried = {name: chosen[name] for name in address() if name in chosen}
    keep("left", {**(recall("left") or {}), str(recall("page")): carried})
    shared = {name: values for name, values in (recall("shared") or {}).items() if name not in chosen}
    keep("shared", shared | carried)


def carried(page: str) -> Said:
    """What a way to another page says: what was chosen there last, and of what is chosen here what both have."""
    following, left, shared = FOLLOWING.get(page, ["checkpoints", "corpus"]), recall("left") or {}, recall("shared") or {}
    own = {name: values for name, values in left.get(page, {}).items() if name not in following}
    return own | {name: shared[name] for name in following if name in shared}


def understand(name: Name | ListName, value: str) -> None:
    """Say that what the address says is known, although the page does not go on saying it."""
    keep("understood", (recall("understood") or frozenset()) | {(name, value)})


def not_here() -> list[tuple[str, list[str], list[str]]]:
    """What the address says and the page does not show: its name, what is said, and what is shown instead; a name
    that no page has comes with nothing said.
    """
    missing_values: list[tuple[str, list[str], list[str]]] = []
    for name, values in address().items():
        if name not in NAMES:
            missing_values.append((name, [], []))
        elif _key(name) in st.session_state:
            shown = _chosen().get(name, [])
            known = {value for key, value in recall("understood") or () if key == name}
            missing = [value for value in dict.fromkeys(values) if value not in shown and value not in known]
            missing_values += [(name, missing, shown)] if missing else []
    return missing_values


def preset(widget: str, value: object) -> None:
    """Set a widget that has not been drawn in this run."""
    st.session_state[widget] = value


def start(widget: str, value: object, offered: Sequence[object]) -> None:
    """Set a widget before it is drawn: to what it has, or where that is nothing or is not offered any more, to a value."""
    now = st.session_state.get(widget)
    chosen = now if isinstance(now, list) else [now]
    is_good = widget in st.session_state and all(option in offered for option in chosen)
    st.session_state[widget] = now if is_good else value  # also what it has: else another list would begin at its default


def keep(name: Kept, value: object) -> None:
    """Remember something in this session; it is not part of the address."""
    st.session_state[f"{SHOWN}{name}"] = value


def recall(name: Kept) -> Any:  # each name keeps something of its own class
    """What was last kept under that name in this session; None where nothing was."""
    return st.session_state.get(f"{SHOWN}{name}")


def widget_value(widget: str) -> Any:  # a widget has a value of its own kind
    """What a widget was just set to, for the function that it calls."""
    return st.session_state.get(widget)


def address() -> Said:
    """What the address of this page says, by name."""
    return {name: st.query_params.get_all(name) for name in st.query_params}
