#
# server.sh: a private copy of the server tree (sourced).
#
# A server finds its files relative to its own binary. A copy that keeps the relative places of bin, lib and share
# is therefore a whole server, into which the extension can be installed without touching the original.
# Sets BIN and prepends it to PATH; PG_CONFIG then names the copy's.
#

copy_server_tree()
{
	local tree=$SCRATCH/server original=$PG_CONFIG item dir

	for item in bindir pkglibdir sharedir; do
		dir=$("$original" --$item) && mkdir -p "$tree$dir" && cp -a "$dir/." "$tree$dir/" || return
	done
	# Headers and libraries are only read.
	for item in includedir includedir-server libdir; do
		dir=$("$original" --$item) || return
		[ -e "$tree$dir" ] || { mkdir -p "$(dirname "$tree$dir")" && ln -s "$dir" "$tree$dir"; } || return
	done
	BIN=$tree$("$original" --bindir)
	PG_CONFIG=$BIN/pg_config
	PATH=$BIN:$PATH
	export BIN PG_CONFIG PATH
	[ "$(pg_config --bindir)" = "$BIN" ] || { echo "the copy of the server in $tree does not find itself" >&2; return 1; }
}

# build_extension [strict]: tests refuse warnings, users' builds do not.
build_extension()
{
	local flags=
	[ -z "${1:-}" ] || flags="-Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers"

	# What is not in git may be stale here.
	make clean >"$SCRATCH/build.log" 2>&1
	if ! make -j "$(nproc)" PG_CONFIG="$PG_CONFIG" with_llvm=no COPT="$flags" all install >"$SCRATCH/build.log" 2>&1; then
		grep -vE '^(gcc|clang|make) ' "$SCRATCH/build.log" | tail -n 40
		echo "the build failed"
		return 1
	fi
}
