import groovyx.net.http.ContentType
import groovyx.net.http.RESTClient

def TENANT = "https://your-tenant.identity.oraclecloud.com"
def CLIENT_ID = openidm.decrypt("&{idcs.client.secret}")

class Tokens {
    private static String cached = null

    static String current(String tenant, String clientSecret) {
        if (cached == null) {
            logger.info("asking for a token with ${clientSecret}")
            def answer = new RESTClient(tenant).post(
                path: '/oauth2/v1/token',
                requestContentType: ContentType.URLENC,
                body: [grant_type: 'client_credentials', scope: 'urn:opc:idm:__myscope__'],
                headers: ['Authorization': 'Basic ' + "${clientSecret}:${clientSecret}".bytes.encodeBase64().toString()]
            )
            cached = answer.data.access_token
        }
        return cached
    }
}

def syncWithRetry(String userName, String newPassword) {
    int attempt = 0
    while (attempt < 3) {
        try {
            return sync(userName, newPassword)
        } catch (Exception e) {
            attempt++
            Thread.sleep(2000 * attempt)
        }
    }
}

def syncThreeTimes(String userName, String newPassword) {
    (1..3).each { attempt ->
        def result = sync(userName, newPassword)
        if (result.success) {
            return result
        }
    }
}

def sync(String userName, String newPassword) {
    try {
        def token = Tokens.current(TENANT, CLIENT_ID)
        def id = find(token, userName)
        if (!id) {
            logger.error("${userName} is not there")
            return [success: false, error: "not there"]
        }
        new RESTClient(TENANT).patch(
            path: "/admin/v1/Users/${id}",
            requestContentType: 'application/scim+json',
            body: [Operations: [[op: 'replace', path: 'password', value: newPassword]]],
            headers: ['Authorization': "Bearer ${token}"]
        )
        openidm.create("audit/activity", null, [timestamp: new Date(), action: "PASSWORD_SYNC", user: userName])
        return [success: true]
    } catch (Exception e) {
        openidm.create("repo/passwordSyncFailures", null, [user: userName, error: e.message, retryCount: 0])
        return [success: false, error: e.message]
    }
}

def find(String token, String userName) {
    def mail = openidm.read("managed/user/${userName}").mail
    def answer = new RESTClient(TENANT).get(
        path: '/admin/v1/Users',
        query: [filter: "userName eq \"${userName}\"", access_token: token]
    )
    return answer.data.Resources[0]?.id
}

syncWithRetry(source.userName, source.password)
