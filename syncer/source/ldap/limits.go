package ldap

// limitAdvice names the settings. They belong to the account's own entry, since those of the server count for everybody.
//
// PingDS, "Resource limits"; 389-DS, "Setting resource limits"; slapd.conf(5), limits.
const limitAdvice = "the server stopped at a limit, so nothing is taken for complete; lift it for the account: on DS " +
	"ds-rlim-size-limit: 0 (4), ds-rlim-time-limit: 0 (3) and ds-rlim-lookthrough-limit: 0 (11) in its entry, on 389-DS nsSizeLimit, " +
	"nsTimeLimit, nsLookThroughLimit and nsPagedLookThroughLimit: -1, on slapd limits … size=unlimited size.prtotal=unlimited time=unlimited"
