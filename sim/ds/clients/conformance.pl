# What perl's Net::LDAP gets from a directory server; see conformance.sh.
use strict;
use warnings;
use Net::LDAP;
use Net::LDAP::Control::Paged;
use Net::LDAP::Control::PasswordPolicy;
use Net::LDAP::Control::PersistentSearch;
use Net::LDAP::Constant
  qw(LDAP_CONTROL_PAGED LDAP_CONTROL_PASSWORDPOLICY LDAP_CONTROL_ENTRYCHANGE LDAP_CONTROL_PERSISTENTSEARCH);
use Net::LDAP::Extension::SetPassword;
use Net::LDAP::Extension::WhoAmI;

$| = 1;
my $me  = "uid=net-ldap,$ENV{UNIT}";
my %tls = (verify => 'require', cafile => $ENV{CA});

sub connect_to { Net::LDAP->new($ENV{LDAPS_URL}, %tls, timeout => 20) or die "connect: $@" }

sub bound {
  my ($dn, $password) = @_;
  my $c = connect_to();
  return ($c, $c->bind($dn, password => $password)->code);
}

sub binds {
  my ($new, $old) = @_;
  return 'new ' . (bound($me, $new))[1] . ', old ' . (bound($me, $old))[1];
}

my ($admin, $code) = bound($ENV{ADMIN_DN}, $ENV{ADMIN_PASSWORD});
print "bind: $code\n";

my $page = Net::LDAP::Control::Paged->new(size => 10);
my ($entries, $pages) = (0, 0);
while (1) {
  my $found = $admin->search(base => $ENV{UNIT}, scope => 'one', filter => '(objectClass=inetOrgPerson)', attrs => ['1.1'], control => [$page]);
  last if $found->code;
  $pages++;
  $entries += $found->entries;
  my ($answer) = $found->control(LDAP_CONTROL_PAGED) or last;
  my $cookie = $answer->cookie;
  last unless defined $cookie && length $cookie; # 389 has cookies that are 0
  $page->cookie($cookie);
}
print "paging: $entries entries, $pages pages\n";

$code = $admin->modify($me, replace => {description => 'changed'})->code;
my $read = $admin->search(base => $me, scope => 'base', filter => '(objectClass=*)', attrs => ['description'])->entry(0);
print "modify: $code, reads ", ($read ? $read->get_value('description') : 'nothing'), "\n";

my ($own) = bound($me, $ENV{FIRST});
$code = $own->modify($me, changes => [delete => [userPassword => $ENV{FIRST}], add => [userPassword => $ENV{SECOND}]])->code;
print "password by modify: $code, ", binds($ENV{SECOND}, $ENV{FIRST}), "\n";

$admin->modify($me, replace => {userPassword => $ENV{SECOND}}) if $code;
($own) = bound($me, $ENV{SECOND});
$code = $own->set_password(oldpasswd => $ENV{SECOND}, newpasswd => $ENV{THIRD})->code;
print "password by extended operation: $code, ", binds($ENV{THIRD}, $ENV{SECOND}), "\n";
print 'who am I: ', ($own->who_am_i->response || 'nobody'), "\n";

my $policy = connect_to()->bind($me, password => $ENV{THIRD}, control => [Net::LDAP::Control::PasswordPolicy->new]);
print 'password policy control: ', ($policy->control(LDAP_CONTROL_PASSWORDPOLICY) ? 'answered' : 'not answered'), "\n";

my $watch = Net::LDAP::Control::PersistentSearch->new(changeTypes => 15, changesOnly => 0, returnECs => 1, critical => 1);
my ($watcher) = bound($ENV{ADMIN_DN}, $ENV{ADMIN_PASSWORD});
my $seen = '';
eval {
  local $SIG{ALRM} = sub { die "timeout\n" };
  alarm 20;
  my $search = $watcher->search(
    base => $me, scope => 'base', filter => '(objectClass=*)', attrs => ['description'], control => [$watch],
    callback => sub {
      my ($message, $entry) = @_;
      return unless $entry;
      my ($change) = $message->control(LDAP_CONTROL_ENTRYCHANGE);
      if ($entry->get_value('description') eq 'watched') {
        $seen = $change ? $change->changeType : 'without control';
        die "seen\n";
      }
      my ($other) = bound($ENV{ADMIN_DN}, $ENV{ADMIN_PASSWORD});
      $other->modify($me, replace => {description => 'watched'});
    });
  $seen = $search->code;
};
alarm 0;
print 'persistent search: ', ($seen eq '' ? ($@ || "nothing\n") : "$seen\n");

my $plain = Net::LDAP->new($ENV{LDAP_URL}, timeout => 20) or die "connect: $@";
$code = $plain->start_tls(%tls)->code || $plain->bind($me, password => $ENV{THIRD})->code;
print "StartTLS: $code\n";
