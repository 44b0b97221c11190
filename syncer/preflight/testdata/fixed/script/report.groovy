import groovy.transform.Field

@Field String mailbox = identityServer.getProperty("report.mailbox")

def report(String day) {
    def changes = openidm.query("audit/activity", [_queryFilter: "/passwordChanged eq true and timestamp sw \"${day.replace('"', '')}\""])
    openidm.action("external/email", "send", [to: mailbox, subject: "Passwords changed on ${day}", body: "${changes.result.size()}"])
}

report(java.time.LocalDate.now().minusDays(1).toString())
