"""Interface parts that Streamlit lacks."""
