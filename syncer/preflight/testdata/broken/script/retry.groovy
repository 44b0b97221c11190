def open = openidm.query("repo/passwordSyncFailures", [_queryFilter: 'status eq "PENDING" and retryCount lt 5'])
open.result.each { one ->
    def reset = openidm.action("selfservice/reset", "submitRequirements", [userId: one.userName])
    one.status = "MAILED"
    openidm.update("repo/passwordSyncFailures", one._id, null, one)
}
