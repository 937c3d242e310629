#!/bin/sh
# Adds Claviger to an NSS database (Firefox, Chromium, certutil): sh @file@ [FOLDER OF THE DATABASE]
set -eu
database=${1:-$HOME/.pki/nssdb}
if [ ! -e "$database/cert9.db" ]; then
    mkdir -p "$database"
    certutil -N -d "sql:$database" --empty-password
fi
# -force asks nothing, so that no browser may use the database meanwhile.
modutil -force -dbdir "sql:$database" -add Claviger -libfile @module@
