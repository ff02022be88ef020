using System.Runtime.CompilerServices;
using Microsoft.ML;
using Microsoft.ML.ConvNet;

// ML.NET lets only its own assemblies make schema shapes, save models and register loaders. The compiler sees copies of the two
// assemblies in which everything is public (build/Publicize.targets), and the runtime honours these attributes, so that a
// model with a convolutional network loads like any other, without registration.
[assembly: IgnoresAccessChecksTo("Microsoft.ML.Core")]
[assembly: IgnoresAccessChecksTo("Microsoft.ML.Data")]
[assembly: LoadableClass(
    typeof(ConvNetTransformer), null, typeof(SignatureLoadModel), "Convolutional network", ConvNetTransformer.LoaderSignature)]
