"""Instrument definitions compiled to lookup tables, and two executors that give them the same meaning."""
