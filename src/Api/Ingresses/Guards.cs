using System.Collections.Frozen;

namespace Turnpike.Api.Ingresses;

/// <summary>An annotation of another controller that restricts access.</summary>
/// <param name="What">What it asks for, to follow "asks ingress-nginx for".</param>
/// <param name="Asks">Whether its value asks for that.</param>
/// <param name="IsOpen">Whether its value admits everybody, so that ignoring it loses nothing.</param>
internal readonly record struct Guard(string What, bool Asks, bool IsOpen);

/// <summary>
/// Decides which annotations of other controllers guard access, by the name after the slash, because controllers adopted each other's
/// names. An
/// unknown name counts as a guard if its words suggest one, so that a new annotation of such a controller is not ignored silently.
/// </summary>
internal static class Guards
{
    private const string Authentication = "authentication";
    private const string Addresses = "limits to the addresses of clients";
    private const string Certificates = "client certificates";
    private const string Rate = "a rate limit";
    private const string Firewall = "a firewall for requests";
    private const string Requests = "limits to the requests that are let through";
    private const string Policies = "policies that may guard access";

    /// <summary>How the value of a guard is interpreted.</summary>
    private enum Form
    {
        /// <summary>A word, a number or a boolean that may switch the guard off.</summary>
        Switch,

        /// <summary>Any text that is not empty, such as a name or a list of what is denied.</summary>
        Text,

        /// <summary>A list of networks that are admitted.</summary>
        AllowList,

        /// <summary>Configuration in the controller's own language.</summary>
        Snippet,

        /// <summary>The names of Traefik's entry points.</summary>
        EntryPoints,

        /// <summary>Whether a load balancer is internal or internet-facing.</summary>
        Scheme,
    }

    private static readonly FrozenDictionary<string, (string What, Form Form)> ByName = new Dictionary<string, (string, Form)>(StringComparer.Ordinal)
    {
        // ingress-nginx, HAProxy Ingress and those that adopted their names.
        ["auth-type"] = (Authentication, Form.Switch),
        ["auth-secret"] = (Authentication, Form.Text),
        ["auth-url"] = (Authentication, Form.Text),
        ["auth-uri"] = (Authentication, Form.Text),
        ["auth-snippet"] = (Authentication, Form.Text),
        ["enable-global-auth"] = (Authentication, Form.Switch),
        ["oauth"] = (Authentication, Form.Switch),
        ["auth-tls-secret"] = (Certificates, Form.Text),
        ["auth-tls-match-cn"] = (Certificates, Form.Text),
        ["allowlist-source-range"] = (Addresses, Form.AllowList),
        ["whitelist-source-range"] = (Addresses, Form.AllowList),
        ["denylist-source-range"] = (Addresses, Form.Text),
        ["blacklist-source-range"] = (Addresses, Form.Text),
        ["blocklist-source-range"] = (Addresses, Form.Text),
        ["limit-connections"] = (Rate, Form.Switch),
        ["limit-rps"] = (Rate, Form.Switch),
        ["limit-rpm"] = (Rate, Form.Switch),
        ["limit-rate"] = (Rate, Form.Switch),
        ["global-rate-limit"] = (Rate, Form.Switch),
        ["route-limit-rps"] = (Rate, Form.Switch),
        ["route-limit-rpm"] = (Rate, Form.Switch),
        ["enable-modsecurity"] = (Firewall, Form.Switch),
        ["enable-owasp-core-rules"] = (Firewall, Form.Switch),
        ["modsecurity-snippet"] = (Firewall, Form.Text),
        ["waf"] = (Firewall, Form.Switch),
        ["configuration-snippet"] = (Policies, Form.Snippet),
        ["server-snippet"] = (Policies, Form.Snippet),
        ["stream-snippet"] = (Policies, Form.Snippet),
        ["config-backend"] = (Policies, Form.Snippet),
        ["config-frontend"] = (Policies, Form.Snippet),
        ["config-proxy"] = (Policies, Form.Snippet),

        // F5 NGINX.
        ["basic-auth-secret"] = (Authentication, Form.Text),
        ["jwt-key"] = (Authentication, Form.Text),
        ["policies"] = (Policies, Form.Text),
        ["limit-req-rate"] = (Rate, Form.Switch),
        ["server-snippets"] = (Policies, Form.Snippet),
        ["location-snippets"] = (Policies, Form.Snippet),
        ["app-protect-enable"] = (Firewall, Form.Switch),
        ["app-protect-policy"] = (Firewall, Form.Text),
        ["app-protect-dos-resource"] = (Firewall, Form.Text),

        // Traefik.
        ["router.middlewares"] = ("middlewares, which may guard access", Form.Text),
        ["router.tls.options"] = ("TLS options, which may ask for client certificates", Form.Text),
        ["router.entrypoints"] = ("entry points that not every client reaches", Form.EntryPoints),
        ["rate-limit"] = (Rate, Form.Text),
        ["max-conn-amount"] = (Rate, Form.Switch),

        // HAProxy Technologies, and OpenShift's router.
        ["allow-list"] = (Addresses, Form.AllowList),
        ["whitelist"] = (Addresses, Form.AllowList),
        ["ip_allowlist"] = (Addresses, Form.AllowList),
        ["ip_whitelist"] = (Addresses, Form.AllowList),
        ["deny-list"] = (Addresses, Form.Text),
        ["blacklist"] = (Addresses, Form.Text),
        ["rate-limit-requests"] = (Rate, Form.Switch),
        ["rate-limit-connections"] = (Rate, Form.Switch),
        ["client-ca"] = (Certificates, Form.Text),
        ["backend-config-snippet"] = (Policies, Form.Snippet),
        ["frontend-config-snippet"] = (Policies, Form.Snippet),

        // Kong, APISIX, Skipper, Emissary.
        ["plugins"] = ("plugins, which may guard access", Form.Text),
        ["override"] = (Policies, Form.Text),
        ["methods"] = (Requests, Form.Text),
        ["snis"] = (Requests, Form.Text),
        ["plugin-config-name"] = ("plugins, which may guard access", Form.Text),
        ["http-allow-methods"] = (Requests, Form.Text),
        ["http-block-methods"] = (Requests, Form.Text),
        ["enable-csrf"] = (Requests, Form.Switch),
        ["skipper-filter"] = ("filters, which may guard access", Form.Text),
        ["skipper-predicate"] = (Requests, Form.Text),
        ["skipper-routes"] = (Policies, Form.Text),
        ["ratelimit"] = (Rate, Form.Text),
        ["config"] = (Policies, Form.Text),

        // Load balancers of clouds.
        ["inbound-cidrs"] = (Addresses, Form.AllowList),
        ["security-groups"] = (Addresses, Form.Text),
        ["security-group-prefix-lists"] = (Addresses, Form.Text),
        ["scheme"] = ("a load balancer that the internet does not reach", Form.Scheme),
        ["use-private-ip"] = ("a load balancer that the internet does not reach", Form.Switch),
        ["mutual-authentication"] = (Certificates, Form.Text),
        ["wafv2-acl-arn"] = (Firewall, Form.Text),
        ["wafv2-acl-name"] = (Firewall, Form.Text),
        ["waf-acl-id"] = (Firewall, Form.Text),
        ["web-acl-id"] = (Firewall, Form.Text),
        ["waf-policy-for-path"] = (Firewall, Form.Text),
        ["shield-advanced-protection"] = (Firewall, Form.Switch),

        // Pomerium.
        ["policy"] = (Policies, Form.Text),
        ["allowed_users"] = (Authentication, Form.Text),
        ["allowed_groups"] = (Authentication, Form.Text),
        ["allowed_domains"] = (Authentication, Form.Text),
        ["allowed_idp_claims"] = (Authentication, Form.Text),
        ["allow_any_authenticated_user"] = (Authentication, Form.Switch),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Names that contain the words of a guard but only configure one of the guards above.</summary>
    private static readonly FrozenSet<string> Companions = FrozenSet.ToFrozenSet(
        [
            "auth-realm", "auth-secret-type", "auth-method", "auth-signin", "auth-signin-redirect-param", "auth-response-headers",
            "auth-proxy-set-headers",
            "auth-request-redirect", "auth-cache-key", "auth-cache-duration", "auth-keepalive", "auth-keepalive-requests",
            "auth-keepalive-share-vars",
            "auth-keepalive-timeout", "auth-always-set-cookie", "auth-tls-verify-client", "auth-tls-verify-depth", "auth-tls-error-page",
            "auth-tls-pass-certificate-to-upstream", "auth-tls-cert-header", "auth-tls-strict", "auth-external-placement",
            "auth-headers-fail", "auth-headers-request",
            "auth-headers-succeed", "auth-log-format", "auth-proxy", "auth-trust-headers", "auth-idp-cognito", "auth-idp-oidc",
            "auth-on-unauthenticated-request",
            "auth-scope", "auth-session-cookie", "auth-session-timeout", "basic-auth-realm", "jwt-realm", "jwt-token", "jwt-login-url",
            "oauth-headers", "oauth-uri-prefix",
            "limit-whitelist", "limit-allowlist", "rate-limit-whitelist", "rate-limit-period", "rate-limit-size", "rate-limit-status-code",
            "global-rate-limit-window",
            "global-rate-limit-key", "global-rate-limit-ignored-cidrs", "allowlist-source-header", "waf-mode",
            "allow_public_unauthenticated_access",
        ],
        StringComparer.Ordinal);

    private static readonly FrozenSet<string> Words = FrozenSet.ToFrozenSet(
        [
            "auth", "authn", "authz", "authentication", "authorization", "oauth", "oauth2", "oidc", "jwt", "mtls", "acl", "waf", "deny",
            "block", "whitelist", "allowlist",
            "blacklist", "blocklist", "denylist", "ratelimit", "firewall", "restriction",
        ],
        StringComparer.Ordinal);

    private static readonly FrozenSet<string> OffWords = FrozenSet.ToFrozenSet(["", "false", "no", "off", "0", "none", "disabled"], StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string> PublicEntryPoints = FrozenSet.ToFrozenSet(["web", "websecure", "http", "https"], StringComparer.Ordinal);

    // These are directives of nginx and HAProxy. Both require lower case, so that the value DENY of X-Frame-Options is not one.
    private static readonly FrozenSet<string> Directives = FrozenSet.ToFrozenSet(
        [
            "allow", "deny", "satisfy", "auth_basic", "auth_basic_user_file", "auth_request", "auth_jwt", "auth_jwt_key_file", "limit_req",
            "limit_conn", "limit_except", "limit_rate",
            "ssl_verify_client", "ssl_client_certificate", "access_by_lua", "access_by_lua_block", "access_by_lua_file", "valid_referers",
            "secure_link", "modsecurity",
            "modsecurity_rules", "acl", "reject", "tarpit", "auth", "http_auth", "silent-drop",
        ],
        StringComparer.Ordinal);

    private static readonly char[] Separators = [' ', '\t', '\r', '\n', ';', '{', '}', '(', ')', '"', '\'', ','];

    /// <summary>The known names with what each asks for.</summary>
    public static IEnumerable<(string Name, string What)> Known =>
        ByName.Select(g => (g.Key, g.Value.What)).OrderBy(g => g.Key, StringComparer.Ordinal);

    /// <summary>Returns the guard that an annotation is, or null if it guards nothing.</summary>
    /// <param name="name">The name of the annotation without the controller's domain.</param>
    /// <param name="value">The value as written.</param>
    public static Guard? Of(string name, string value)
    {
        if (ByName.TryGetValue(name, out var known))
            return new Guard(known.What, Asks(known.Form, value), known.Form == Form.AllowList && IsEverybody(value));
        if (name.StartsWith("conditions.", StringComparison.Ordinal) || name.StartsWith("headers.", StringComparison.Ordinal))
            return new Guard(Requests, value.Trim().Length > 0, false);
        return !Companions.Contains(name) && SoundsLikeOne(name) ? new Guard("what seems to guard access", !IsOff(value), false) : null;
    }

    /// <summary>Returns true when a value switches its annotation off.</summary>
    public static bool IsOff(string value) => OffWords.Contains(value.Trim());

    private static bool Asks(Form form, string value) => form switch
    {
        Form.Switch => !IsOff(value),
        Form.AllowList => value.Trim().Length > 0 && !IsEverybody(value),
        Form.Snippet => HasDirective(value),
        Form.EntryPoints => value.Trim().Length > 0 && !Items(value).Any(PublicEntryPoints.Contains),
        Form.Scheme => value.Trim() == "internal",
        _ => value.Trim().Length > 0,
    };

    /// <summary>
    /// Returns true when a list admits every address. The Ingresses of cert-manager's solver have such a list, which overrides a list of
    /// the
    /// controller that would keep the certificate authority out.
    /// </summary>
    private static bool IsEverybody(string value) => Items(value).Any(item => item is "0.0.0.0/0" or "::/0");

    private static string[] Items(string value) => value.Split([',', ' ', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries);

    private static bool HasDirective(string snippet)
    {
        var before = "";
        foreach (var word in snippet.Split(Separators, StringSplitOptions.RemoveEmptyEntries))
        {
            if (Directives.Contains(word) || (before == "return" && word.Length == 3 && word[0] == '4'))
                return true;
            before = word;
        }
        return false;
    }

    private static bool SoundsLikeOne(string name) =>
        name.Split('-', '_', '.').Any(word => Words.Contains(word.ToLowerInvariant()))
        || name.Contains("rate-limit", StringComparison.Ordinal)
        || name.Contains("source-range", StringComparison.Ordinal)
        || name.Contains("client-c", StringComparison.Ordinal);
}
