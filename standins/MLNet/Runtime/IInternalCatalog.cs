// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: how catalogs pass their environment on.
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

internal interface IInternalCatalog
{
    IHostEnvironment Environment { get; }
}
