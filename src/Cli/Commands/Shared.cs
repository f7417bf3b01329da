using System.CommandLine;

namespace Turnpike.Cli.Commands;

/// <summary>Options that several commands have, worded once.</summary>
internal static class Shared
{
    public static Option<string> ConfigDir() => new("--config-dir")
    {
        Description = "Directory of manifests (*.yaml, *.yml, *.json): Ingress, RouteRule, Service, EndpointSlice, Endpoints, Pod, Secret, Namespace, IngressClass, ConfigMap istio (turnpike in the standalone profile).",
        HelpName = "DIR",
        Required = true,
    };

    public static Option<int> Port(string name, int port, string description)
    {
        var option = new Option<int>(name) { Description = description, HelpName = "PORT", DefaultValueFactory = _ => port };
        option.Validators.Add(result =>
        {
            if (result.GetValue(option) is < 0 or > 65535)
                result.AddError($"{name} must be between 0 and 65535; 0 takes any free port");
        });
        return option;
    }
}
