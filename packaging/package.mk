# Installing and packaging what `make build` has built.

.PHONY: install uninstall deb deb-check

PREFIX ?= /usr/local
export PREFIX DESTDIR LIBDIR P11_MODULES

install: ## after `make build`: PREFIX=/usr/local DESTDIR= LIBDIR= P11_MODULES=
	@scripts/install

uninstall: ## take away what `make install` with the same folders has put there
	@scripts/install remove

deb: ## build target/claviger_VERSION_ARCHITECTURE.deb
	@scripts/setup package
	@$(MAKE) --no-print-directory build
	@scripts/make-deb

deb-check: deb ## as root: install, use and purge that package in an empty Debian 12
	@scripts/check-deb
