"""The Streamlit dashboard: pages over the results of `analysis`."""
