"""What a backup is made of: a folder that is whole or not there, digests of all content, and who may what."""
