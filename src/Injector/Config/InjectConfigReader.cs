using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Turnpike.Api;
using Turnpike.Reading;
using Turnpike.Yaml;

namespace Turnpike.Injector.Config;

/// <summary>
/// Reads <see cref="InjectConfig"/> from YAML. An unknown key is a warning, a wrong value is an error, and no default stands in for a value
/// that is wrong.
/// </summary>
public static partial class InjectConfigReader
{
    internal const string ImageAdvice = "must be the name of a container image such as registry.example.com/turnpike/proxy:1.0";

    private static readonly string[] Policies = ["enabled", "disabled"];
    private static readonly string[] Scopes = ["pod", "workload"];
    private static readonly string[] NativeSidecarChoices = ["auto", "true", "false"];
    private static readonly string[] Interceptions = ["none", "redirect"];
    private static readonly string[] PullPolicies = ["Always", "IfNotPresent", "Never"];

    /// <summary>Keys that the configuration of 2017 had and that change nothing here.</summary>
    private static readonly string[] KeysWithoutEffect = ["initializerName"];

    private static readonly string[] ParametersWithoutEffect =
        ["initImage", "enableCoreDump", "debugMode", "includeIPRanges", "meshConfigMapName"];

    private static readonly string[] Keys =
    [
        "alwaysInjectSelector", "discoveryAddress", "excludeNamespaces", "interception", "namespaces", "nativeSidecar",
        "neverInjectSelector", "params", "policy", "proxyImage", "resources", "scope", .. KeysWithoutEffect,
    ];

    private static readonly string[] Parameters =
        ["imagePullPolicy", "proxyImage", "sidecarProxyUID", "verbosity", "version", .. ParametersWithoutEffect];

    private static readonly string[] ResourceLists = ["requests", "limits"];
    private static readonly string[] ResourceNames = ["cpu", "memory"];

    /// <summary>Reads the text of key <c>config</c>. An empty text is the default configuration.</summary>
    /// <param name="text">The configuration as YAML.</param>
    /// <param name="profile">The profile of the installation; that of 2017 by default.</param>
    public static Decoded<InjectConfig> Read(string text, Profile? profile = null) => Read(text, DefaultsOf(profile));

    /// <summary>Reads the text of key <c>config</c>. An empty text is the default configuration.</summary>
    /// <param name="text">The configuration as YAML.</param>
    /// <param name="defaults">The values for the keys that the text does not have.</param>
    public static Decoded<InjectConfig> Read(string text, InjectConfig defaults)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryRoot(text, out var root, out var failure) ? new Settings(root, defaults).Read() : failure!;
    }

    /// <summary>Reads a file: the configuration itself, or a ConfigMap manifest that holds it under key <c>config</c>.</summary>
    /// <param name="text">The file as YAML.</param>
    /// <param name="profile">The profile of the installation; that of 2017 by default.</param>
    public static Decoded<InjectConfig> ReadFile(string text, Profile? profile = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!TryRoot(text, out var root, out var failure))
            return failure!;
        if (Json.Text(Json.Member(root, "kind")) != "ConfigMap")
            return new Settings(root, DefaultsOf(profile)).Read();
        return Json.Text(Json.At(root, ["data", Names.InjectConfigKey])) is { } inner
            ? Read(inner, profile)
            : Failed(FieldError.Required($"data.{Names.InjectConfigKey}", "the ConfigMap must hold the configuration under this key"));
    }

    /// <summary>Returns true when a text can be the name of a container image.</summary>
    public static bool IsImage(string text) => ImageSyntax().IsMatch(text);

    private static InjectConfig DefaultsOf(Profile? profile) => InjectConfig.Of(profile ?? Profile.Istio2017);

    private static bool TryRoot(string text, out JsonObject? root, out Decoded<InjectConfig>? failure)
    {
        root = null;
        failure = null;
        var documents = YamlText.Read(text).Where(document => document.Root is not null || document.Error is not null).ToList();
        if (documents.Count == 0)
            return true;
        if (documents[0].Error is { } error)
            failure = Failed(FieldError.Invalid("", null, error));
        else if (documents.Count > 1)
            failure = Failed(FieldError.Invalid("", null, $"must be one document; another starts at line {documents[1].Line}"));
        else if (documents[0].Root is JsonObject members)
            root = members;
        else
            failure = Failed(FieldError.Invalid("", JsonText.Quote(documents[0].Root), "must be a mapping"));
        return failure is null;
    }

    private static Decoded<InjectConfig> Failed(FieldError error) => new(null, [error], []);

    private sealed class Settings
    {
        private readonly Findings _findings = new();
        private readonly ObjectReader _root;
        private readonly InjectConfig _defaults;

        public Settings(JsonObject? root, InjectConfig defaults)
        {
            _root = new ObjectReader(_findings, root ?? []);
            _defaults = defaults;
        }

        public Decoded<InjectConfig> Read()
        {
            var parameters = Section(_root, "params");
            var config = _defaults with
            {
                InjectsByDefault = _root.Choice("policy", Policies) is { } policy ? policy == "enabled" : _defaults.InjectsByDefault,
                Scope = _root.Choice("scope", Scopes) is "workload" ? InjectionScope.Workload : InjectionScope.Pod,
                NativeSidecar = _root.Choice("nativeSidecar", NativeSidecarChoices) switch
                {
                    "true" => NativeSidecar.Always,
                    "false" => NativeSidecar.Never,
                    _ => NativeSidecar.Auto,
                },
                NeverInject = Selectors("neverInjectSelector"),
                AlwaysInject = Selectors("alwaysInjectSelector"),
                ProxyImage = Image(parameters) ?? _defaults.ProxyImage,
                DiscoveryAddress = Address() ?? _defaults.DiscoveryAddress,
                Resources = Resources(),
                ImagePullPolicy = parameters.Choice("imagePullPolicy", PullPolicies) ?? _defaults.ImagePullPolicy,
                ProxyUid = parameters.Integer("sidecarProxyUID", 1, uint.MaxValue - 1) ?? _defaults.ProxyUid,
                Verbosity = (int)(parameters.Integer("verbosity", 0, 10) ?? _defaults.Verbosity),
                Version = Json.Text(parameters.Raw("version")) ?? "",
            };
            config = WithNamespaces(config);
            CheckInterception();
            WarnOfNoEffect(_root, KeysWithoutEffect);
            WarnOfNoEffect(parameters, ParametersWithoutEffect);
            parameters.WarnOfUnknown(Parameters);
            _root.WarnOfUnknown(Keys);
            return _findings.Result(config);
        }

        private InjectConfig WithNamespaces(InjectConfig config)
        {
            var included = Namespaces("namespaces");
            var excluded = Namespaces("excludeNamespaces");
            if (included is not null && excluded is not null)
                _root.AddError(FieldError.Forbidden("excludeNamespaces", "may not be given together with namespaces"));
            if (excluded?.Contains("") is true)
            {
                const string Advice = "must be names of namespaces; to inject nowhere, set policy to disabled";
                _root.AddError(FieldError.Invalid("excludeNamespaces", "\"\"", Advice));
            }
            return config with { Namespaces = included ?? config.Namespaces, ExcludeNamespaces = excluded ?? [] };
        }

        private ImmutableArray<string>? Namespaces(string name) => _root.Has(name) ? _root.Strings(name) : null;

        private void CheckInterception()
        {
            if (_root.Choice("interception", Interceptions) is not "redirect")
                return;
            const string Advice = "this version does not capture traffic; the only value is \"none\"";
            _root.AddError(FieldError.Invalid("interception", "\"redirect\"", Advice));
        }

        private string? Image(ObjectReader parameters)
        {
            var image = _root.String("proxyImage");
            var old = parameters.String("proxyImage");
            if (image is not null && old is not null && image != old)
                _root.AddError(FieldError.Forbidden("params.proxyImage", "may not differ from proxyImage, which replaces it"));
            CheckImage("proxyImage", image);
            CheckImage("params.proxyImage", old);
            return image ?? old;
        }

        private void CheckImage(string path, string? image)
        {
            if (image is not null && !IsImage(image))
                _root.AddError(FieldError.Invalid(path, JsonText.Quote(image), ImageAdvice));
        }

        private string? Address()
        {
            var address = _root.String("discoveryAddress");
            if (address is not null && !AddressSyntax().IsMatch(address))
            {
                var advice = $"must be a host and a port such as {_defaults.DiscoveryAddress}";
                _root.AddError(FieldError.Invalid("discoveryAddress", JsonText.Quote(address), advice));
            }
            return address;
        }

        private ProxyResources Resources()
        {
            var defaults = ProxyResources.Default;
            var section = Section(_root, "resources");
            var requests = Section(section, "requests");
            var limits = Section(section, "limits");
            var resources = new ProxyResources
            {
                CpuRequest = Amount(requests, "cpu", defaults.CpuRequest),
                MemoryRequest = Amount(requests, "memory", defaults.MemoryRequest),
                CpuLimit = Amount(limits, "cpu", defaults.CpuLimit),
                MemoryLimit = Amount(limits, "memory", defaults.MemoryLimit),
            };
            CheckLimit(limits.PathOf("cpu"), resources.CpuRequest, resources.CpuLimit);
            CheckLimit(limits.PathOf("memory"), resources.MemoryRequest, resources.MemoryLimit);
            requests.WarnOfUnknown(ResourceNames);
            limits.WarnOfUnknown(ResourceNames);
            section.WarnOfUnknown(ResourceLists);
            return resources;
        }

        private Quantity? Amount(ObjectReader section, string name, Quantity? otherwise)
        {
            var node = section.Raw(name);
            if (node is null)
                return otherwise;
            var text = node.GetValueKind() is JsonValueKind.Number ? node.ToJsonString() : Json.Text(node);
            if (text == "none")
                return null;
            var amount = text is null ? null : Quantity.Parse(text);
            if (amount is null)
            {
                const string Advice = "must be a quantity such as 10m, 0.5 or 40Mi, or none";
                _root.AddError(FieldError.Invalid(section.PathOf(name), JsonText.Quote(node), Advice));
            }
            return amount;
        }

        private void CheckLimit(string path, Quantity? request, Quantity? limit)
        {
            if (limit is not null && request is not null && limit.Amount < request.Amount)
                _root.AddError(FieldError.Invalid(path, JsonText.Quote(limit.Text), $"must not be less than the request, {request.Text}"));
        }

        /// <summary>Reads a map of labels or a list of such maps. Istio's form, with <c>matchLabels</c> inside, is read too.</summary>
        private ImmutableArray<LabelSelector> Selectors(string name)
        {
            var node = _root.Raw(name);
            JsonNode?[] items = node switch { null => [], JsonArray list => [.. list], _ => [node] };
            var selectors = items.Select(item => Json.Member(item, "matchLabels") ?? item).Select(Selector).ToList();
            if (selectors.Any(selector => selector is null) || items.Any(item => Json.Member(item, "matchExpressions") is not null))
            {
                _root.AddError(FieldError.Invalid(name, JsonText.Quote(node), "must be a mapping of labels to values, or a list of such mappings"));
                return [];
            }
            return [.. selectors.OfType<LabelSelector>()];
        }

        private static LabelSelector? Selector(JsonNode? node) =>
            node is JsonObject labels && labels.All(label => Json.Text(label.Value) is not null)
                ? new LabelSelector(
                    labels.ToImmutableSortedDictionary(label => label.Key, label => Json.Text(label.Value)!, StringComparer.Ordinal))
                : null;

        /// <summary>Returns a nested mapping; an empty one where the key is absent or its value is not a mapping.</summary>
        private static ObjectReader Section(ObjectReader parent, string name) =>
            parent.Object(name) ?? new ObjectReader(parent.Findings, [], parent.PathOf(name));

        private static void WarnOfNoEffect(ObjectReader section, IEnumerable<string> names)
        {
            foreach (var name in names.Where(section.Has))
                section.Warn(name, "has no effect");
        }
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._:/@-]{0,511}\z")]
    private static partial Regex ImageSyntax();

    [GeneratedRegex(@"\A(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}\z")]
    private static partial Regex AddressSyntax();
}
