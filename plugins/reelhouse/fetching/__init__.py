"""Getting files from servers: which may be asked, asking them, and asking again.

`addresses` decides whom to connect to, `downloading` asks until the file is whole, `parts` keeps what a broken
transfer left, `remotes` reads the settings' templates, `s3` signs, `offers` knows what the providers offer the
public. Nothing here looks into a file: that is `admission`, which every origin goes through.

One small client on `http.client` for https and s3 alike, instead of boto3 or an HTTP library: connecting to the very
address that was checked, at every redirect, is the point, and libraries resolve the name a second time.
"""
