"""Matching on Spark, when REELHOUSE_ENGINE names one. The modules, in the order a record meets them:

session   one Spark application: what it must find here, and the code that its workers get
parts     staging's tables as Parquet parts beside the landed files, which workers can share out among them
carrying  the SQL of include/sql carried from PostgreSQL to Spark
tasks     what workers run: the very functions of `reelhouse.matching`, on one batch of rows
whole     all of it in order: keys, candidates and scores, and their way back into PostgreSQL

PostgreSQL stays the one place that decides and keeps. A day of few changes is never taken to Spark: it asks for less
than a Spark takes to start.
"""
