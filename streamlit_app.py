"""The app: `streamlit run streamlit_app.py`."""

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import Route

from gan.demo import server

app = st.App(
    "gan/demo/router.py",
    lifespan=server.warm,
    routes=[Route("/preview.jpg", server.picture)],
    middleware=[Middleware(server.Introduced), Middleware(server.Compressed)],
)
