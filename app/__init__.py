"""The web application: pages, JSON and what stands behind them. No torch in here."""
