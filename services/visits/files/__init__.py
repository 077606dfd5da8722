"""Files of declared numbers of households: the template, and the job that takes one in.

Good rows are stored whatever the bad ones are, and the same row sent again stores nothing new. A file adds and never
changes what is stored: it says that it differs.
"""
