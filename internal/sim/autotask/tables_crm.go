package autotask

// Field tables of companies and of the small reference entities (Autotask sheet §5.1, §5.14–§5.17).

const companyFields = `
id long RO
companyName s100 R
companyType short R PL
phone s25 R
ownerResourceID int R ->Resources
companyNumber s50
isActive bool =true
parentCompanyID int ->Companies
address1 s128
address2 s128
city s30
state s40
postalCode s10
countryID int ->Countries
additionalAddressInformation s100
alternatePhone1 s25
alternatePhone2 s25
fax s25
webAddress s255
classification int PL
territoryID int PL
marketSegmentID int PL
competitorID int PL
companyCategoryID int ->CompanyCategories
currencyID int ->Currencies
taxRegionID int ->TaxRegions
isTaxExempt bool
taxID s50
billToAddressToUse int RO PL
billToAttention s50
billingAddress1 s150 RO
billingAddress2 s150 RO
billToCity s50 RO
billToState s128 RO
billToZipCode s50 RO
billToCountryID int RO ->Countries
billToAdditionalAddressInformation s100 RO
billToCompanyLocationID int ->CompanyLocations
invoiceMethod int PL
invoiceNonContractItemsToParentCompany bool
invoiceTemplateID int ->InvoiceTemplates
quoteTemplateID int ->QuoteTemplates
invoiceEmailMessageID int
quoteEmailMessageID int
purchaseOrderTemplateID int
stockSymbol s10 NQ
stockMarket s10 NQ
sicCode s32 NQ
assetValue double NQ
isEnabledForComanaged bool
isSample bool
isTaskFireActive bool RO
isClientPortalActive bool RO
surveyCompanyRating double RO
apiVendorID int RO
createdByResourceID int RO
impersonatorCreatorResourceID int RO
createDate datetime RO
lastActivityDate datetime RO
lastTrackedModifiedDateTime datetime RO
`

const resourceFields = `
id long RO
firstName s50 RO
lastName s50 RO
userName s32 RO
email s50 RO
isActive bool RO
licenseType int RO PL
resourceType s15 RO
title s50 RO
defaultServiceDeskRoleID int RO
`

const currencyFields = `
id long RO
name s3 RO
description s100 RO
displaySymbol s10 RO PL
exchangeRate decimal
isInternalCurrency bool RO
isActive bool
lastModifiedDateTime datetime RO
updateResourceId int RO
currencyPositiveFormat s10
currencyNegativeFormat s10
`

const paymentTermFields = `
id long RO
name s100 R
description s2000
isActive bool =true
paymentDueInDays int
`

const taxRegionFields = `
id long RO
name s200 R
isActive bool =true
`

const taxCategoryFields = `
id long RO
name s200 R
description s2000
isActive bool =true
`

const taxFields = `
id long RO
taxRegionID int R RO* ->TaxRegions
taxCategoryID int R RO* ->TaxCategories
taxName s100 R
taxRate double R
isCompounded bool
`

const internalLocationFields = `
id long RO
name s100 RO
address1 s100 RO
address2 s100 RO
city s50 RO
state s25 RO
postalCode s20 RO
country s100 RO
additionalAddressInfo s100 RO
timeZone s100 RO
holidaySetId int RO
isDefault bool RO
`

const countryFields = `
id long RO
countryCode s2 RO
name s100 RO
displayName s100 RO
isDefaultCountry bool RO
isActive bool RO
`

const invoiceTemplateFields = `
id long RO
name s50 RO
currencyPositiveFormat s10 RO
`
