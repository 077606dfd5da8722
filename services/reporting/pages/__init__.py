"""The dashboard: what the reports answer, as pages for a browser.

``view`` says what an address asks for, ``dashboard`` puts together what a page shows, ``templates/`` how. Every figure
comes from the same queries as the API's, in process. ``static/`` and ``vendor/`` are what a browser fetches.
"""
