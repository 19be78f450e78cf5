# shellcheck shell=bash
# Packages of any Debian release, without touching the host's package state:
# apt with its own lists, cache and sources, and its ordinary signature checks.
# SPDX-License-Identifier: GPL-2.0-only

LAB_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# Prints "RELEASE URI" of every archive the host is configured for.
lab_apt_host()
{
	# shellcheck disable=SC2016 # apt fills the $(…) in, not the shell
	apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
		sort -u
}

# The archive that serves the host's own release.
lab_mirror()
{
	local codename uri
	# shellcheck disable=SC1091
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	uri=$(lab_apt_host | awk -v r="$codename" '$1 == r { print $2; exit }')
	[ -n "$uri" ] || uri=$(lab_apt_host |
		awk '$1 ~ /^(stable|oldstable|testing|unstable|sid|bookworm|trixie|forky)$/ { print $2; exit }')
	[ -n "$uri" ] || lab_die "this host's apt names no Debian mirror (apt-get indextargets)"
	printf '%s\n' "${uri%/}"
}

# Security updates live in an archive of their own, beside the main one.
lab_mirror_security()
{
	local uri
	uri=$(lab_apt_host | awk '$1 ~ /-security$/ { print $2; exit }')
	[ -n "$uri" ] || uri=$(lab_mirror)-security
	printf '%s\n' "${uri%/}"
}

# lab_apt_sources SUITE: the sources.list lines of one release, or of its
# backports alone, so that the newest version found is that release's.
lab_apt_sources()
{
	local suite=$1 mirror
	mirror=$(lab_mirror) || return
	echo "deb [signed-by=$LAB_KEYRING] $mirror $suite main"
	case $suite in
	*-backports) ;;
	*)	echo "deb [signed-by=$LAB_KEYRING] $mirror $suite-updates main"
		echo "deb [signed-by=$LAB_KEYRING] $(lab_mirror_security) $suite-security main" ;;
	esac
}

# lab_apt SUITE COMMAND…: runs an apt tool that sees SUITE and nothing else.
# ARCH_DEB in the environment chooses a foreign architecture.
lab_apt()
{
	local suite=$1 arch=${ARCH_DEB:-amd64} dir
	dir=$LAB_CACHE/apt/$suite-$arch
	shift
	if [ ! -e "$dir/apt.conf" ]; then
		mkdir -p "$dir/lists/partial" "$dir/archives/partial" "$dir/none"
		: >"$dir/status"
		# The #clear lines keep the host's clean-up hooks out of it.
		cat >"$dir/apt.conf.new" <<-CONF
			#clear APT::Update::Pre-Invoke;
			#clear APT::Update::Post-Invoke;
			#clear APT::Update::Post-Invoke-Success;
			#clear APT::Architectures;
			APT::Architecture "$arch";
			APT::Architectures { "$arch"; };
			APT::Sandbox::User "$(id -un)";
			APT::Get::List-Cleanup "true";
			Acquire::Languages "none";
			Acquire::Retries "3";
			Dir::Etc::SourceList "$dir/sources.list";
			Dir::Etc::SourceParts "$dir/none";
			Dir::Etc::PreferencesParts "$dir/none";
			Dir::State::Lists "$dir/lists";
			Dir::State::Status "$dir/status";
			Dir::Cache "$dir";
			Dir::Cache::Archives "$dir/archives";
		CONF
		mv "$dir/apt.conf.new" "$dir/apt.conf"
	fi
	APT_CONFIG=$dir/apt.conf "$@"
}

# lab_apt_update SUITE: fetches the lists; at most once a run of the lab.
lab_apt_update()
{
	local suite=$1 dir
	dir=$LAB_CACHE/apt/$suite-${ARCH_DEB:-amd64}
	lab_say "reading the package lists of $suite"
	lab_apt "$suite" true
	lab_apt_sources "$suite" >"$dir/sources.list.new" || return
	mv "$dir/sources.list.new" "$dir/sources.list"
	lab_retry lab_apt "$suite" apt-get -qq update >&2 && return
	# A mirror in the midst of its update: without the fixes rather than not at all.
	lab_say "trying the main archive of $suite alone"
	sed -i 1q "$dir/sources.list"
	lab_apt "$suite" apt-get -qq update >&2
}

# lab_apt_version SUITE PACKAGE: the version apt would install, or nothing.
lab_apt_version()
{
	lab_apt "$1" apt-cache policy "$2" | awk '$1 == "Candidate:" && $2 != "(none)" { print $2 }'
}

# lab_apt_unpack SUITE DIR PACKAGE…: downloads and unpacks into DIR.
lab_apt_unpack()
{
	local suite=$1 dir=$2 debs deb
	shift 2
	mkdir -p "$dir"
	debs=$(mktemp -d "$dir/debs.XXXXXX")
	lab_say "downloading $*"
	(cd "$debs" && lab_retry lab_apt "$suite" apt-get -qq download "$@" >&2) || return
	for deb in "$debs"/*.deb; do
		dpkg-deb -x "$deb" "$dir" || return
	done
	rm -rf "$debs"
}

# lab_apt_newest SUITE REGEX: the package of the highest version among those
# whose whole name matches the extended regular expression, or nothing.
lab_apt_newest()
{
	lab_apt "$1" apt-cache pkgnames | grep -Ex "$2" | sort -V | tail -n 1
}
