using System.Text.Json.Nodes;
using Turnpike.Api;

namespace Turnpike.Compiler;
