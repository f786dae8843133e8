#!/usr/bin/env bash
# manual.sh PROGRAM: writes sakuga(1) to standard output, from the program's own help texts.
set -euo pipefail
program=$1
version=$("$program" --version)
export COLUMNS=80

escape() { sed -e 's/\\/\\e/g' -e 's/-/\\-/g' -e "s/^\([.']\)/\\\\\&\1/"; }
overview() { "$program" help "$@" | sed -n '1s/^OVERVIEW: //p'; }
# The names in the list of subcommands of a command, if it has any.
subcommands() { "$program" help "$@" | sed -n '/^SUBCOMMANDS:/,/^$/s/^  \([a-z][a-z-]*\) .*/\1/p'; }

# section COMMAND…: a command's help text as it is, then those of its subcommands
section() {
    printf '.SH "SAKUGA %s"\n.nf\n' "$(tr '[:lower:]' '[:upper:]' <<<"$*")"
    "$program" help "$@" | sed -e 's/^OVERVIEW: //' -e "/See 'sakuga help/d" -e '/^  -h, --help /d' \
        -e '/^  --version  /d' | cat -s | escape
    printf '.fi\n'
    local name
    for name in $(subcommands "$@"); do section "$@" "$name"; done
}

cat <<EOF
.TH SAKUGA 1 "" "sakuga $version" "User Commands"
.SH NAME
sakuga \\- $(overview | sed 's/^\(.\)/\L\1/; s/\.$//' | escape)
.SH SYNOPSIS
.B sakuga
.I command
.RI [ options ]
.br
.B sakuga help
.I command
.SH COMMANDS
EOF
for name in $(subcommands); do
    printf '.TP\n.B %s\n%s\n' "$name" "$(overview "$name" | escape)"
done
for name in $(subcommands); do section "$name"; done
cat <<'EOF'
.SH EXIT STATUS
.nf
0    done
64   usage: a wrong option or argument
65   the input, model or preset is damaged or unsupported
66   the input cannot be opened
69   a library, device or codec that is needed is missing
70   an error of sakuga's own
73   the output cannot be created
74   reading or writing failed on the way, for example on a full disk
130  interrupted; what was drawn is kept in a file named \&...partial...
.fi
.SH ENVIRONMENT
.TP
.B SAKUGA_PRESETS
folders to look for presets in before all others, separated by colons
.TP
.B XDG_CACHE_HOME
where compiled networks are kept (default ~/.cache)
.SH FILES
.TP
.I ../share/sakuga/presets
presets installed with the program
.TP
.I ~/.local/share/sakuga/presets
your own presets
.SH SEE ALSO
.BR ffmpeg (1),
.BR ffprobe (1)
EOF
