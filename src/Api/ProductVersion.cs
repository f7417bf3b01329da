using System.Reflection;

namespace Turnpike.Api;

/// <summary>The version of this build, which is also the tag of our images.</summary>
public static class ProductVersion
{
    public static string Text { get; } =
        typeof(ProductVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "latest";
}
