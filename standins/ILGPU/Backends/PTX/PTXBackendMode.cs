namespace ILGPU.Backends.PTX;

public enum PTXBackendMode
{
    Default = 0,
    Enhanced = 1,
}

public static class PTXContextExtensions
{
    public static Context.Builder PTXBackend(this Context.Builder builder, PTXBackendMode mode) => builder;
}
