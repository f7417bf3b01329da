using System.Text.Json.Nodes;
using Turnpike.Injector.Config;
using Turnpike.Reading;

namespace Turnpike.Injector;

/// <summary>The settings of one pod's sidecar: the configuration, overridden by the pod's own annotations.</summary>
internal sealed record SidecarSettings(InjectConfig Config, string Image, ProxyResources Resources, bool IsNative)
{
    public static SidecarSettings Of(InjectConfig config, InjectOptions options)
    {
        var isNative = config.NativeSidecar switch
        {
            NativeSidecar.Always => true,
            NativeSidecar.Never => false,
            _ => options.HasNativeSidecars,
        };
        return new SidecarSettings(config, config.ProxyImage, config.Resources, isNative);
    }

    /// <summary>Applies the annotations of the pod or pod template. Errors are added to <paramref name="faults"/>.</summary>
    public SidecarSettings Override(JsonNode? annotations, string path, List<FieldError> faults)
    {
        var profile = Config.Profile;
        var overrides = new Overrides(annotations, path, faults);
        return this with
        {
            Image = overrides.Image(profile.ProxyImageAnnotation) ?? Image,
            Resources = Resources with
            {
                CpuRequest = overrides.Amount(profile.ProxyCpuAnnotation) ?? Resources.CpuRequest,
                MemoryRequest = overrides.Amount(profile.ProxyMemoryAnnotation) ?? Resources.MemoryRequest,
                CpuLimit = overrides.Limit(
                    profile.ProxyCpuLimitAnnotation, profile.ProxyCpuAnnotation, Resources.CpuRequest, Resources.CpuLimit),
                MemoryLimit = overrides.Limit(
                    profile.ProxyMemoryLimitAnnotation, profile.ProxyMemoryAnnotation, Resources.MemoryRequest, Resources.MemoryLimit),
            },
        };
    }

    private sealed class Overrides(JsonNode? annotations, string path, List<FieldError> faults)
    {
        public string? Image(string name)
        {
            if (Text(name) is not { } image)
                return null;
            if (!InjectConfigReader.IsImage(image))
                Fault(name, image, InjectConfigReader.ImageAdvice);
            return image;
        }

        public Quantity? Amount(string name)
        {
            if (Text(name) is not { } text)
                return null;
            var amount = Quantity.Parse(text);
            if (amount is null)
                Fault(name, text, "must be a quantity such as 10m, 0.5 or 40Mi");
            return amount;
        }

        /// <summary>
        /// Returns the limit. One that the user set must not be less than the request; one of the configuration grows to the request.
        /// </summary>
        public Quantity? Limit(string limitName, string requestName, Quantity? request, Quantity? limit)
        {
            request = Text(requestName) is { } requested ? Quantity.Parse(requested) : request;
            if (Text(limitName) is null)
                return limit is not null && request is not null && request.Amount > limit.Amount ? request : limit;
            var given = Amount(limitName);
            if (given is not null && request is not null && given.Amount < request.Amount)
                Fault(limitName, given.Text, $"must not be less than the request, {request.Text}");
            return given;
        }

        private string? Text(string name) => Json.Text(Json.Member(annotations, name));

        private void Fault(string name, string value, string detail) =>
            faults.Add(FieldError.Invalid($"{path}[{name}]", Json.Show(value), detail));
    }
}
