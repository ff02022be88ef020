using MLNet.Outside;
using Microsoft.ML;

[assembly: System.Runtime.CompilerServices.IgnoresAccessChecksTo("Microsoft.ML.Core")]
[assembly: System.Runtime.CompilerServices.IgnoresAccessChecksTo("Microsoft.ML.Data")]
[assembly: LoadableClass(typeof(ScalingTransformer), null, typeof(SignatureLoadModel), "Scaling by a learnt factor", ScalingTransformer.LoaderSignature)]
