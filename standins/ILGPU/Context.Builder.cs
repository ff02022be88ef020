using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace ILGPU;

public enum OptimizationLevel
{
    Debug = 0,
    O0 = Debug,
    Release = 1,
    O1 = Release,
    O2 = 2,
}

public enum MathMode
{
    Default = 0,
    Fast = 1,
    Fast32BitOnly = 2,
}

public enum InliningMode
{
    Default = Aggressive,
    Aggressive = 0,
    Conservative = 1,
    Disabled = 2,
}

public enum PageLockingMode
{
    Default = 0,
    Auto = 1,
    Aggressive = 2,
}

public sealed partial class Context
{
    /// <summary>Collects devices. What the compiler of the real library is told has no meaning here, and is accepted.</summary>
    public sealed class Builder : ContextProperties
    {
        private readonly List<Device> _devices = [];

        internal Builder() { }

        public Builder Default() => AllAccelerators().AutoAssertions().AutoIOOperations();
        public Builder AllAccelerators() => this.DefaultCPU().OpenCL().Cuda();
        public Builder AllAccelerators(Predicate<Device> predicate) => this.CPU(predicate).OpenCL(predicate).Cuda(predicate);

        public Builder Assertions() => this;
        public Builder AutoAssertions() => this;
        public Builder AutoDebug() => this;
        public Builder AutoIOOperations() => this;
        public Builder Debug() => this;
        public Builder Inlining(InliningMode inliningMode) => this;
        public Builder IOOperations() => this;
        public Builder Math(MathMode mathMode) => this;

        public Builder Optimize(OptimizationLevel level)
        {
            OptimizationLevel = level;
            return this;
        }

        public Builder PageLocking(PageLockingMode mode) => this;
        public Builder Release() => this;
        public Builder Verify() => this;

        public Context ToContext() => new(Copy(), [.. _devices]);

        internal Builder Add(Device device)
        {
            ArgumentNullException.ThrowIfNull(device);
            if (!_devices.Contains(device))
                _devices.Add(device);
            return this;
        }
    }
}
