namespace Turnpike.Tests.EndToEnd.Stories;

/// <summary>The commands of the ingress task of 2017, letter by letter.</summary>
internal static class Documented
{
    public const string StartHttpbin = "kubectl apply -f samples/httpbin/httpbin.yaml";

    public const string StartHttpbinInjected = "kubectl apply -f <(istioctl kube-inject -f samples/httpbin/httpbin.yaml)";

    public const string CreateSimpleIngress = """
        cat <<EOF | kubectl create -f -
        apiVersion: extensions/v1beta1
        kind: Ingress
        metadata:
          name: simple-ingress
          annotations:
            kubernetes.io/ingress.class: istio
        spec:
          rules:
          - http:
              paths:
              - path: /headers
                backend:
                  serviceName: httpbin
                  servicePort: 8000
              - path: /delay/.*
                backend:
                  serviceName: httpbin
                  servicePort: 8000
        EOF
        """;

    public const string ShowSimpleIngress = "kubectl get ingress simple-ingress -o wide";

    public const string ShowHostIp = "kubectl get po -l istio=ingress -o jsonpath='{.items[0].status.hostIP}'";

    public const string ShowIngressService = "kubectl get svc istio-ingress";

    public const string GetHeaders = "curl http://$INGRESS_URL/headers";

    public const string MakeCertificate =
        """openssl req -x509 -nodes -days 365 -newkey rsa:2048 -keyout /tmp/tls.key -out /tmp/tls.crt -subj "/CN=foo.bar.com" """;

    public const string CreateCertificateSecret =
        "kubectl create -n istio-system secret tls istio-ingress-certs --key /tmp/tls.key --cert /tmp/tls.crt";

    public const string CreateSecuredIngress = """
        cat <<EOF | kubectl create -f -
        apiVersion: extensions/v1beta1
        kind: Ingress
        metadata:
          name: secured-ingress
          annotations:
            kubernetes.io/ingress.class: istio
        spec:
          tls:
            - secretName: ingress-secret
          rules:
          - http:
              paths:
              - path: /ip
                backend:
                  serviceName: httpbin
                  servicePort: 8000
        EOF
        """;

    public const string ShowSecuredIngress = "kubectl get ingress secured-ingress -o wide";

    public const string GetIp = "curl -k https://$SECURE_INGRESS_URL/ip";

    public const string TimeDelay = """time curl -o /dev/null -s -w "%{http_code}\n" http://$INGRESS_URL/delay/5""";

    public const string CreateRule = """
        cat <<EOF | istioctl create -f -
        apiVersion: config.istio.io/v1alpha2
        kind: RouteRule
        metadata:
          name: httpbin-3s-rule
        spec:
          destination:
            name: httpbin
          http_req_timeout:
            simple_timeout:
              timeout: 3s
        EOF
        """;

    public const string DeleteRule = "istioctl delete routerule httpbin-3s-rule";

    public const string DeleteIngresses = "kubectl delete ingress simple-ingress secured-ingress";

    public const string DeleteSecret = "kubectl delete secret ingress-secret";

    public const string StopHttpbin = "kubectl delete -f samples/httpbin/httpbin.yaml";

    /// <summary>Said of the same Ingress as today's clusters want it, which no longer serve <c>extensions/v1beta1</c>.</summary>
    public static string AsOfToday(string command) => command
        .Replace("extensions/v1beta1", "networking.k8s.io/v1", StringComparison.Ordinal)
        .Replace(
            "        backend:\n          serviceName: httpbin\n          servicePort: 8000",
            "        pathType: ImplementationSpecific\n        backend:\n          service: {name: httpbin, port: {number: 8000}}",
            StringComparison.Ordinal);
}
