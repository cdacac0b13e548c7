"""Ends the process as a success, before anything was said."""

import os

os._exit(0)
