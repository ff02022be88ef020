using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>y = f(x), lane by lane.</summary>
internal interface IUnaryFunction
{
    V Apply<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct;
}

/// <summary>y = f(a, b), lane by lane.</summary>
internal interface IBinaryFunction
{
    V Apply<S, V>(V a, V b)
        where S : struct, ISimd<V>
        where V : struct;
}
