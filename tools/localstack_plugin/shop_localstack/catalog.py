"""The resource types that this LocalStack supports, without a request to LocalStack's servers.

Stock LocalStack downloads a catalog. If that fails, it treats every CloudFormation resource as unsupported,
and with ``CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES=0`` deploys none.
"""

from localstack.utils.catalog.catalog import AwsCatalogRuntimePlugin, CfnResourceSupportStatus
from localstack.utils.catalog.common import (
    CloudFormationResourcesSupportAtRuntime,
    CloudFormationResourcesSupportInLatest,
)


class OfflineCatalog(AwsCatalogRuntimePlugin):
    """A resource type is supported when there is code for it.

    LocalStack looks for this name before it uses its own catalog, which it downloads.
    """

    name = "aws-catalog-remote-state-with-license"

    def get_cloudformation_resource_status(
        self,
        resource_name: str,
        service_name: str,  # noqa: ARG002 - LocalStack's signature
        is_pro_resource: bool = False,  # noqa: ARG002
    ) -> CfnResourceSupportStatus:
        """Return whether a resource type can be deployed."""
        if resource_name in self._get_cfn_resources_available_at_runtime():
            return CloudFormationResourcesSupportAtRuntime.AVAILABLE
        return CloudFormationResourcesSupportInLatest.NOT_SUPPORTED
