// Hands a new password to the synchronisation.
if (request.value && request.value.password) {
    var answer = openidm.action("script", "eval", {
        "type": "groovy",
        "file": "script/sync.groovy",
        "source": { "userName": oldObject.userName, "password": request.value.password }
    });
    if (!answer.success) {
        logger.warn("not synchronised: " + answer.error);
    }
}
