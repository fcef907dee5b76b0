# What `make install` puts where. The program finds share/constat beside its own bin/. Parts that a
# checkout does not have are left out.
include(GNUInstallDirs)

set(share ${CMAKE_INSTALL_DATADIR})
install(TARGETS constat RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES docs/constat.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 OPTIONAL)
install(FILES completion/constat.bash DESTINATION ${share}/bash-completion/completions RENAME constat OPTIONAL)
install(FILES completion/constat.zsh DESTINATION ${share}/zsh/site-functions RENAME _constat OPTIONAL)
install(FILES completion/constat.fish DESTINATION ${share}/fish/vendor_completions.d OPTIONAL)
install(DIRECTORY knowledge DESTINATION ${share}/constat OPTIONAL)
install(FILES ${rules_pack} DESTINATION ${share}/constat)
install(FILES LICENSE NOTICE README.md SECURITY.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
