// The engine keeps failed changes and tries them again by itself; this job only tells how many wait.
def recent = openidm.query("audit/activity", ["_queryFilter": 'eventName eq "password-sync" and status eq "FAILURE"', "_pageSize": 1])
logger.info("password changes that failed and wait for a retry: " + recent.totalPagedResults)
