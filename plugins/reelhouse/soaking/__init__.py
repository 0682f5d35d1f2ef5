"""A warehouse under fire for hundreds of days: generated files, faults at random moments, and a twin that has none.

editions  the files of each day, and what may be wrong with them when they first come
workers   processes that run days for us, and may be killed
faults    what is done to a day, drawn by seed and day
checking  what must hold after each day, and what it holds on to
journal   a line a day, from which an interrupted soak goes on, and the sum of all
days      one day after the other
"""
