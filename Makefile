# Everything a developer or CI does. `make` alone lists the targets.

SHELL := /bin/bash -euo pipefail
.DEFAULT_GOAL := help
.PHONY: help deps rust tools build check test test-kernel test-deb fuzz bench demo install key deb clean

# Debian 12 or 13: what builds Beffroi; what it and the demo call at run time; what the scenarios use besides.
BUILD_PACKAGES := build-essential ca-certificates curl
RUN_PACKAGES := dnsmasq-base iproute2 iputils-ping nftables wget wireguard-tools
DEB_PACKAGES := debhelper dpkg-dev lintian openssl
TEST_PACKAGES := chromium chromium-driver libfaketime libsqlite3-dev openssl pkg-config poppler-utils python3 python3-pip systemd wireguard-go

# Of what `make install` and `make deb` build: dev is quicker to build. REVISION tells two packages of one version apart.
PROFILE := release
REVISION := 1
# Where `make deb` puts the packages.
DEBS := target/deb
built := target/$(PROFILE:dev=debug)
version := $(shell sed -n '0,/^version = "\(.*\)"/s//\1/p' Cargo.toml)

NEXTEST_VERSION := 0.9.143
DENY_VERSION := 0.20.2
FUZZ_VERSION := 0.13.1

# A toolchain that `make deps` has just installed is not in the PATH of the shell that called make.
export PATH := $(PATH):$(or $(CARGO_HOME),$(HOME)/.cargo)/bin

# With KEY=FILE, the private half of a release key (`make key`), `make deb` builds programs that follow its public half,
# and puts a release of the agent into the gateway's package.
KEY :=
ifneq (,$(wildcard $(KEY)))
export BEFFROI_RELEASE_KEY := $(shell openssl pkey -in $(KEY) -pubout -outform DER | tail -c 32 | base64)
endif
release := beffroi-agent_$(version)_$(shell uname -m).release

# The toolchain of rust-toolchain.toml may be on the machine under the name of stable.
rust_version := $(shell sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)
ifneq (,$(findstring rustc $(rust_version) ,$(shell rustc +stable --version 2>/dev/null)))
export RUSTUP_TOOLCHAIN := stable
endif

help: ## list the targets
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

deps: rust tools ## install what is missing: Debian packages, the Rust toolchain, cargo tools

rust:
	@$(call install_packages,$(BUILD_PACKAGES))
	@command -v cargo > /dev/null || $(install_rust)
	@cargo --version > /dev/null

tools: rust
	@$(call install_packages,$(RUN_PACKAGES) $(TEST_PACKAGES))
	@cargo nextest --version > /dev/null 2>&1 || cargo install --locked cargo-nextest@$(NEXTEST_VERSION)
	@cargo deny --version > /dev/null 2>&1 || cargo install --locked cargo-deny@$(DENY_VERSION)
	@[ -e target/browser/axe_playwright_python/axe.min.js ] || /usr/bin/python3 -m pip install --quiet --disable-pip-version-check \
	  --no-deps --require-hashes --root-user-action ignore --target target/browser --upgrade -r tests/browser/requirements.txt

build: rust ## build the programs, for development
	cargo build --workspace --bins

check: deps ## formatting, lints, dependency policy, arrows between rooms
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --features beffroi-tests/bench -- -D warnings
	cargo deny --log-level error check bans licenses sources
	@if timeout 60 cargo deny --log-level off fetch db > /dev/null 2>&1; then cargo deny check advisories; \
	else echo "advisories NOT CHECKED: the advisory database cannot be reached from here"; fi
	cargo test --package beffroi-tests --test architecture

test: deps build ## pure, slice and scenario tests (the scenarios in namespaces of their own)
	cargo nextest run --workspace
	cargo test --quiet --workspace --doc

test-kernel: deps build ## tunnel and netd on the kernel's own WireGuard: Debian's kernel, booted under qemu
	@$(call install_packages,cpio kmod qemu-system-x86 xz-utils)
	cargo test --package beffroi-tunnel --test device --package beffroi-gateway --test netd \
	  --config "target.'cfg(all())'.runner=['$(CURDIR)/tests/kernel/run']" -- --skip embedded::

FUZZ_TARGETS := $(basename $(notdir $(wildcard tests/fuzz/targets/*.rs)))
SECONDS := 60

fuzz: deps ## look for bytes that a reader does not bear, SECONDS=60 each; with ONLY="code list", only these
	@rustup toolchain list | grep -q ^nightly || rustup toolchain install nightly --profile minimal
	@cargo fuzz --version > /dev/null 2>&1 || cargo install --locked cargo-fuzz@$(FUZZ_VERSION)
	@for target in $(or $(ONLY),$(FUZZ_TARGETS)); do \
	  echo "$$target, for $(SECONDS) s"; mkdir -p target/fuzz/corpus/$$target; \
	  env -u RUSTUP_TOOLCHAIN cargo +nightly fuzz run --fuzz-dir tests/fuzz --target-dir target/fuzz $$target \
	    target/fuzz/corpus/$$target tests/fuzz/corpus/$$target -- -max_total_time=$(SECONDS) -max_len=65536; \
	done

bench: deps ## measure what has a target, into target/bench/report.json; with ONLY="link.throughput", only these
	@$(call install_packages,caddy iperf3 wireguard-go wrk)
	cargo build --release --locked --workspace --bins --features beffroi-tests/bench
	target/release/bench $(ONLY)

demo: build ## a gateway and three town halls on this machine; with CHECK=1, check each step and stop
	@$(call install_packages,$(RUN_PACKAGES))
	target/debug/demo $(if $(filter-out 0,$(CHECK)),--check)

install: ## install programs, units and their users under DESTDIR
	cargo build --profile $(PROFILE) --locked --package beffroi-gateway --package beffroi-agent
	install -D -t $(DESTDIR)/usr/bin $(built)/beffroi-gateway $(built)/beffroi-netd $(built)/beffroi-agent
	install -D -t $(DESTDIR)/usr/lib/systemd/system-generators $(built)/beffroi-generator
	install -D -m 644 -t $(DESTDIR)/usr/lib/systemd/system systemd/*.path systemd/*.service systemd/*.socket systemd/*.timer
	install -D -m 644 systemd/beffroi.sysusers $(DESTDIR)/usr/lib/sysusers.d/beffroi.conf
	install -D -m 644 systemd/beffroi.tmpfiles $(DESTDIR)/usr/lib/tmpfiles.d/beffroi.conf
	install -D -m 644 -t $(DESTDIR)/usr/share/doc/beffroi gateway/gateway.example.toml agent/agent.example.toml
	[ -n "$(DESTDIR)" ] || { systemd-sysusers beffroi.conf && systemd-tmpfiles --create beffroi.conf; }
	[ -n "$(DESTDIR)" ] || [ ! -d /run/systemd/system ] || systemctl daemon-reload

key: ## a key that signs releases of the agent, in KEY=FILE; its public half is shown
	@[ -n "$(KEY)" ] && [ ! -e "$(KEY)" ] || { echo "make key KEY=FILE, a file that is not there yet" >&2; exit 1; }
	@(umask 077 && openssl genpkey -algorithm ed25519 -out $(KEY))
	@openssl pkey -in $(KEY) -pubout -outform DER | tail -c 32 | base64

deb: rust ## packages of gateway and agent in target/deb, for this release of Debian and later ones; with KEY=FILE, see key
	@[ -z "$(KEY)" ] || [ -e "$(KEY)" ] || { echo "there is no $(KEY): make key KEY=$(KEY)" >&2; exit 1; }
	@$(call install_packages,$(DEB_PACKAGES))
	rm -rf $(DEBS)/tree $(DEBS)/*.deb $(DEBS)/*.release
	mkdir -p $(DEBS)/tree
	cp -r debian README.md CHANGELOG.md $(wildcard docs/guides) $(DEBS)/tree
	printf 'beffroi (%s) stable; urgency=medium\n\n  * What a user notices is in CHANGELOG.md.\n\n -- %s  %s\n' \
	  $(version)-$(REVISION) "$$(sed -n 's/^Maintainer: //p' debian/control)" "$$(git log -1 --format=%cD)" > $(DEBS)/tree/debian/changelog
	$(MAKE) --no-print-directory install DESTDIR=$(CURDIR)/$(DEBS)/tree/installed
	[ -z "$(KEY)" ] || { strip -o $(DEBS)/agent $(built)/beffroi-agent && \
	  agent/sign $(KEY) $(DEBS)/agent $(DEBS)/$(release) && \
	  install -D -m 644 -t $(DEBS)/tree/installed/usr/share/beffroi/releases $(DEBS)/$(release); }
	cd $(DEBS)/tree && dpkg-buildpackage --build=binary --no-pre-clean --no-sign

# With a key of their own, which nobody follows: these packages are not for use, and lie elsewhere.
TRIED := target/test-deb

test-deb: rust ## install, upgrade, update, remove and purge the packages in clean roots of Debian 12 and 13
	@$(call install_packages,$(DEB_PACKAGES) debian-archive-keyring mmdebstrap systemd-container)
	mkdir -p $(TRIED)
	[ -e $(TRIED)/release.pem ] || $(MAKE) --no-print-directory key KEY=$(TRIED)/release.pem
	$(MAKE) --no-print-directory deb DEBS=$(TRIED) KEY=$(TRIED)/release.pem
	tests/deb/run $(TRIED)

clean: ## remove everything that was built
	cargo clean

as_root = $$([ "$$(id -u)" = 0 ] || echo sudo)

define install_packages
missing=(); for package in $(1); do \
  [ "$$(dpkg-query -W -f '$${db:Status-Status}' $$package 2>/dev/null || true)" = installed ] || missing+=($$package); \
done; \
if [ $${#missing[@]} -gt 0 ]; then \
  echo "installing $${missing[*]}"; $(as_root) apt-get update -qq; \
  $(as_root) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$${missing[@]}" > /dev/null; \
fi
endef

# Debian 13 has rustup as a package; on Debian 12 its own installer does the same for the user who calls make.
define install_rust
{ if apt-cache show rustup > /dev/null 2>&1; then $(as_root) apt-get install -y -qq --no-install-recommends rustup; \
  else curl --proto =https --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --default-toolchain none --no-modify-path; fi \
  && rustup toolchain install $(rust_version) --profile minimal --component clippy --component rustfmt; } || \
  { echo "Rust could not be installed: see https://rustup.rs, then call make again." >&2; exit 1; }
endef
