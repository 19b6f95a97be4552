"""The app's pages and charts; the only part that imports streamlit."""
