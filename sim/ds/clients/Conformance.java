// What the JDK's JNDI gets from a directory server; see conformance.sh.

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Hashtable;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.naming.Context;
import javax.naming.NamingEnumeration;
import javax.naming.NamingException;
import javax.naming.ReferralException;
import javax.naming.directory.BasicAttribute;
import javax.naming.directory.BasicAttributes;
import javax.naming.directory.DirContext;
import javax.naming.directory.ModificationItem;
import javax.naming.directory.SearchControls;
import javax.naming.directory.SearchResult;
import javax.naming.ldap.BasicControl;
import javax.naming.ldap.Control;
import javax.naming.ldap.ExtendedRequest;
import javax.naming.ldap.ExtendedResponse;
import javax.naming.ldap.HasControls;
import javax.naming.ldap.InitialLdapContext;
import javax.naming.ldap.LdapContext;
import javax.naming.ldap.PagedResultsControl;
import javax.naming.ldap.PagedResultsResponseControl;
import javax.naming.ldap.StartTlsRequest;
import javax.naming.ldap.StartTlsResponse;

public class Conformance {
    static final String ME = "uid=jndi," + System.getenv("UNIT");
    static final String POLICY = "1.3.6.1.4.1.42.2.27.8.5.1";

    static LdapContext open(String url, String dn, String password, Control... controls) throws NamingException {
        return following("ignore", url, dn, password, controls);
    }

    static LdapContext following(String referral, String url, String dn, String password, Control... controls) throws NamingException {
        Hashtable<String, Object> env = new Hashtable<>();
        env.put(Context.REFERRAL, referral);
        env.put(Context.INITIAL_CONTEXT_FACTORY, "com.sun.jndi.ldap.LdapCtxFactory");
        env.put(Context.PROVIDER_URL, url);
        env.put("com.sun.jndi.ldap.connect.timeout", "20000");
        env.put("com.sun.jndi.ldap.read.timeout", "20000");
        if (dn != null) {
            env.put(Context.SECURITY_AUTHENTICATION, "simple");
            env.put(Context.SECURITY_PRINCIPAL, dn);
            env.put(Context.SECURITY_CREDENTIALS, password);
        }
        return new InitialLdapContext(env, controls);
    }

    /** The result code that JNDI hides in its messages. */
    static int code(NamingException e) {
        var found = java.util.regex.Pattern.compile("error code (\\d+)").matcher(String.valueOf(e.getMessage()));
        return found.find() ? Integer.parseInt(found.group(1)) : -1;
    }

    interface Step {
        void run() throws Exception;
    }

    static int code(Step step) throws Exception {
        try {
            step.run();
            return 0;
        } catch (NamingException e) {
            return code(e);
        }
    }

    static int bind(String password) throws Exception {
        return code(() -> open(System.getenv("LDAPS_URL"), ME, password).close());
    }

    static String binds(String fresh, String old) throws Exception {
        return "new " + bind(System.getenv(fresh)) + ", old " + bind(System.getenv(old));
    }

    static byte[] tagged(int tag, byte[] contents) {
        byte[] whole = new byte[contents.length + 2]; // all of ours are short
        whole[0] = (byte) tag;
        whole[1] = (byte) contents.length;
        System.arraycopy(contents, 0, whole, 2, contents.length);
        return whole;
    }

    record PasswordModify(String old, String fresh) implements ExtendedRequest {
        public String getID() {
            return "1.3.6.1.4.1.4203.1.11.1";
        }

        public byte[] getEncodedValue() {
            byte[] a = tagged(0x81, old.getBytes(StandardCharsets.UTF_8)), b = tagged(0x82, fresh.getBytes(StandardCharsets.UTF_8));
            byte[] both = new byte[a.length + b.length];
            System.arraycopy(a, 0, both, 0, a.length);
            System.arraycopy(b, 0, both, a.length, b.length);
            return tagged(0x30, both);
        }

        public ExtendedResponse createExtendedResponse(String id, byte[] value, int offset, int length) {
            return null;
        }
    }

    static DirContext admin() throws NamingException {
        return open(System.getenv("LDAPS_URL"), System.getenv("ADMIN_DN"), System.getenv("ADMIN_PASSWORD"));
    }

    static void describe(String text) throws NamingException {
        DirContext c = admin();
        c.modifyAttributes(ME, DirContext.REPLACE_ATTRIBUTE, new javax.naming.directory.BasicAttributes("description", text));
        c.close();
    }

    static void paging(LdapContext c) throws Exception {
        SearchControls one = new SearchControls(SearchControls.ONELEVEL_SCOPE, 0, 0, new String[] {"1.1"}, false, false);
        int entries = 0, pages = 0;
        byte[] cookie = null;
        do {
            c.setRequestControls(new Control[] {new PagedResultsControl(10, cookie, Control.CRITICAL)});
            NamingEnumeration<SearchResult> found = c.search(System.getenv("UNIT"), "(objectClass=inetOrgPerson)", one);
            while (found.hasMore()) {
                found.next();
                entries++;
            }
            pages++;
            cookie = null;
            for (Control control : c.getResponseControls()) {
                if (control instanceof PagedResultsResponseControl page) {
                    cookie = page.getCookie();
                }
            }
        } while (cookie != null && cookie.length > 0);
        c.setRequestControls(null);
        System.out.println("paging: " + entries + " entries, " + pages + " pages");
    }

    static void persistentSearch() throws Exception {
        byte[] value = Base64.getDecoder().decode("MAkCAQ8BAQABAf8=");
        LdapContext c = open(System.getenv("LDAPS_URL"), System.getenv("ADMIN_DN"), System.getenv("ADMIN_PASSWORD"));
        c.setRequestControls(new Control[] {new BasicControl("2.16.840.1.113730.3.4.3", true, value)});
        SearchControls base = new SearchControls(SearchControls.OBJECT_SCOPE, 0, 0, new String[] {"description"}, false, false);
        BlockingQueue<String> seen = new ArrayBlockingQueue<>(10);
        Thread watcher = new Thread(() -> {
            try {
                NamingEnumeration<SearchResult> found = c.search(ME, "(objectClass=*)", base);
                while (found.hasMore()) {
                    SearchResult r = found.next();
                    String change = "";
                    if (r instanceof HasControls with && with.getControls() != null) {
                        for (Control control : with.getControls()) {
                            if (control.getID().equals("2.16.840.1.113730.3.4.7")) {
                                change = "change type " + control.getEncodedValue()[4];
                            }
                        }
                    }
                    seen.add(r.getAttributes().get("description").get() + " " + change);
                }
            } catch (NamingException e) {
                seen.add("code " + code(e));
            }
        });
        watcher.setDaemon(true);
        watcher.start();
        String first = seen.poll(15, TimeUnit.SECONDS);
        if (first != null && !first.startsWith("code")) {
            describe("watched");
            first = seen.poll(15, TimeUnit.SECONDS);
        }
        System.out.println("persistent search: " + first);
    }

    /** A referral back to this server: who follows it arrives. JNDI follows with the credentials that it has; here it has none. */
    static void referrals(LdapContext admin) throws Exception {
        String url = System.getenv("LDAP_URL"), unit = System.getenv("UNIT"), elsewhere = "ou=Elsewhere," + unit;
        BasicAttributes referral = new BasicAttributes("ou", "Elsewhere");
        BasicAttribute classes = new BasicAttribute("objectClass", "referral");
        classes.add("extensibleObject");
        referral.put(classes);
        referral.put("ref", url + "/" + unit);
        admin.createSubcontext(elsewhere, referral);
        String below = "uid=jndi," + elsewhere;
        Object found = following("follow", url, null, null).getAttributes(below, new String[] {"uid"}).get("uid").get();
        int ignored = admin.getAttributes(elsewhere, new String[] {"ref"}).get("ref").size();
        String thrown = "nothing";
        try {
            following("throw", url, null, null).getAttributes(below);
        } catch (ReferralException e) {
            thrown = "a referral";
        }
        int entries = 0;
        SearchControls one = new SearchControls(SearchControls.ONELEVEL_SCOPE, 0, 0, new String[] {"1.1"}, false, false);
        for (NamingEnumeration<SearchResult> all = following("follow", url, null, null).search(unit, "(uid=jndi)", one); all.hasMore(); all.next()) {
            entries++;
        }
        admin.destroySubcontext(elsewhere);
        System.out.println("referral: followed reads " + found + ", ignored has " + ignored + " ref, throws " + thrown + "; with references " + entries + " found");
    }

    public static void main(String[] arguments) throws Exception {
        String secure = System.getenv("LDAPS_URL");
        LdapContext admin = open(secure, System.getenv("ADMIN_DN"), System.getenv("ADMIN_PASSWORD"));
        System.out.println("bind: 0");
        paging(admin);
        int changed = code(() -> describe("changed"));
        System.out.println("modify: " + changed + ", reads " + admin.getAttributes(ME, new String[] {"description"}).get("description").get());

        LdapContext own = open(secure, ME, System.getenv("FIRST"));
        int result = code(() -> own.modifyAttributes(ME, new ModificationItem[] {
            new ModificationItem(DirContext.REMOVE_ATTRIBUTE, new BasicAttribute("userPassword", System.getenv("FIRST"))),
            new ModificationItem(DirContext.ADD_ATTRIBUTE, new BasicAttribute("userPassword", System.getenv("SECOND"))),
        }));
        System.out.println("password by modify: " + result + ", " + binds("SECOND", "FIRST"));

        if (result != 0) {
            admin.modifyAttributes(ME, DirContext.REPLACE_ATTRIBUTE, new javax.naming.directory.BasicAttributes("userPassword", System.getenv("SECOND")));
        }
        LdapContext again = open(secure, ME, System.getenv("SECOND"));
        result = code(() -> again.extendedOperation(new PasswordModify(System.getenv("SECOND"), System.getenv("THIRD"))));
        System.out.println("password by extended operation: " + result + ", " + binds("THIRD", "SECOND"));

        LdapContext asked = open(secure, ME, System.getenv("THIRD"), new BasicControl(POLICY));
        boolean answered = false;
        for (Control control : asked.getResponseControls() == null ? new Control[0] : asked.getResponseControls()) {
            answered |= control.getID().equals(POLICY);
        }
        System.out.println("password policy control: " + (answered ? "answered" : "not answered"));

        persistentSearch();
        referrals(admin);

        LdapContext plain = open(System.getenv("LDAP_URL"), null, null);
        StartTlsResponse tls = (StartTlsResponse) plain.extendedOperation(new StartTlsRequest());
        tls.negotiate();
        plain.addToEnvironment(Context.SECURITY_AUTHENTICATION, "simple");
        plain.addToEnvironment(Context.SECURITY_PRINCIPAL, ME);
        plain.addToEnvironment(Context.SECURITY_CREDENTIALS, System.getenv("THIRD"));
        System.out.println("StartTLS: " + code(() -> plain.reconnect(null)));
        tls.close();
    }
}
