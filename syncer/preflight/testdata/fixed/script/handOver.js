// Hands a new password to the engine beside IDM, which keeps it, orders it and retries it. When the engine does not take it,
// the exception ends the user's change, so that the two sides stay the same.
(function () {
    var before = typeof oldObject === "undefined" || oldObject === null ? null : oldObject.password;
    if (!object.password || object.password === before) {
        return;
    }
    openidm.action("external/rest", "call", {
        "url": "http://127.0.0.1:8470/v1/changes",
        "method": "POST",
        "headers": {
            "Content-Type": "application/json",
            "Authorization": "Bearer " + identityServer.getProperty("engine.token")
        },
        "body": JSON.stringify({
            "transactionId": context.transactionId.value,
            "userName": object.userName,
            "password": object.password
        })
    });
}());
