using System.Reflection;

namespace Turnpike.Api;

/// <summary>The version of this build, as <c>Directory.Build.props</c> sets it: the tag of our images.</summary>
public static class ProductVersion
{
    public static string Text { get; } =
        typeof(ProductVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "latest";
}
