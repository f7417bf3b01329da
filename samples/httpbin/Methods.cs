namespace Turnpike.Samples.Httpbin;

/// <summary>The methods of endpoints.</summary>
internal static class Methods
{
    internal static readonly string[] Get = ["GET", "HEAD"];
    internal static readonly string[] WithBody = ["POST", "PUT", "PATCH"];
}
